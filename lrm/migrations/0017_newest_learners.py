"""The indexes by which report #0443 finds the newest learners, and who was ticked since a day.

Made while learners go on being saved: there may be a hundred thousand of them.
"""

from django.contrib.postgres.operations import AddIndexConcurrently
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
        AddIndexConcurrently(
            model_name="learnerchange",
            index=models.Index(
                fields=["at", "learner"],
                condition=models.Q(("fields__contains", "sync_to_xero")),
                name="learner_change_ticked",
            ),
        ),
    ]
