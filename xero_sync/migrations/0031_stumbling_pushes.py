"""By how many halvings a learner goes to Xero in smaller company."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("xero_sync", "0030_correlation_ids"),
    ]

    operations = [
        migrations.AddField(
            model_name="contactpush",
            name="stumbles",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
    ]
