from django.db import migrations, models


class Migration(migrations.Migration):
    """New names for models and one column in Python. The database keeps its names, so that a
    release may run beside the one before it.
    """

    dependencies = [("xero_sync", "0006_pace_of_runs")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameModel("Event", "WebhookEvent"),
                migrations.AlterModelTable("WebhookEvent", "xero_sync_event"),
                migrations.RenameModel("SetAside", "QuarantinedDocument"),
                migrations.AlterModelTable("QuarantinedDocument", "xero_sync_setaside"),
                migrations.RenameField("SyncStep", "set_aside_count", "quarantined_count"),
                migrations.AlterField(
                    "SyncStep",
                    "quarantined_count",
                    models.PositiveIntegerField(default=0, db_column="set_aside_count"),
                ),
            ],
        ),
    ]
