"""The indexes of the newest learners, of the last ones changed, and of who was ticked since a day.

Made while learners go on being saved: there may be a hundred thousand of them.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("lrm", "0016_hook_types"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="learner",
            index=models.Index(fields=["portal", "-created_at", "-id"], name="learner_newest"),
        ),
        # Before the one that it takes the place of is gone.
        AddIndexConcurrently(
            model_name="learner",
            index=models.Index(fields=["portal", "-updated_at", "-id"], name="learner_changed"),
        ),
        RemoveIndexConcurrently(model_name="learner", name="learner_recent"),
        AddIndexConcurrently(
            model_name="learnerchange",
            index=models.Index(
                fields=["at", "learner"],
                condition=models.Q(("fields__contains", "sync_to_xero")),
                name="learner_change_ticked",
            ),
        ),
    ]
