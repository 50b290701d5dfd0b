"""Whose a contact was from which a merge took documents, kept where its link ends unsaid."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("invoices", "0016_payments_by_date")]

    operations = [
        # Null is nobody: the trigger that notes moves, and workers of before, do not name it.
        migrations.AddField(
            model_name="documentmove",
            name="learner_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), null=True, size=None
            ),
        ),
    ]
