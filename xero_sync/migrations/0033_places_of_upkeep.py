"""Where the day's upkeep goes on: at which page of contacts, and whether its rest was done."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("xero_sync", "0032_pushes_in_order"),
    ]

    operations = [
        migrations.AddField(
            model_name="balancecheck",
            name="differing",
            field=models.JSONField(db_default=[], default=list),
        ),
        migrations.AddField(
            model_name="balancecheck",
            name="is_walked",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="balancecheck",
            name="item_count",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="balancecheck",
            name="next_page",
            field=models.PositiveIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="balancecheck",
            name="page_size",
            field=models.PositiveIntegerField(db_default=1000, default=1000),
        ),
        migrations.AddField(
            model_name="balancecheck",
            name="walk_started_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="balancecheck",
            name="walked_count",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="dailycheck",
            name="rest_done_for",
            field=models.DateTimeField(null=True),
        ),
    ]
