import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("xero_sync", "0003_bounded_walks")]

    operations = [
        migrations.AddField(
            model_name="syncstep", name="reading_since", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="syncstep", name="closing_started_at", field=models.DateTimeField(null=True)
        ),
        migrations.CreateModel(
            name="SyncPage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.UUIDField(), size=None
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pages",
                        to="xero_sync.syncstep",
                    ),
                ),
            ],
        ),
    ]
