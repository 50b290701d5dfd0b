import django.db.models.deletion
from django.db import migrations, models


def renamed(model: str) -> list[migrations.operations.base.Operation]:
    """Return the operations that call a model's `claimed_until` by its new name."""
    return [
        migrations.RenameField(model, "claimed_until", "leased_until"),
        migrations.AlterField(
            model, "leased_until", models.DateTimeField(null=True, db_column="claimed_until")
        ),
    ]


class Migration(migrations.Migration):
    """One name for leases in Python, while the database keeps its column; and a lease for the daily
    check, in a table of its own. A release may run beside the one before it.
    """

    dependencies = [
        ("connected_apps", "0001_initial"),
        ("xero_sync", "0009_counts_of_missing"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                *renamed("ContactPush"),
                *renamed("Cursor"),
                *renamed("Inbox"),
                *renamed("SyncRun"),
            ],
        ),
        migrations.CreateModel(
            name="DailyCheck",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("leased_until", models.DateTimeField(db_column="claimed_until", null=True)),
                ("attempts", models.PositiveIntegerField(default=0)),
                ("not_before", models.DateTimeField(null=True)),
                (
                    "organisation",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        to="connected_apps.organisation",
                    ),
                ),
            ],
            options={"abstract": False},
        ),
    ]
