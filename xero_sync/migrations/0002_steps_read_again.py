from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("xero_sync", "0001_initial")]

    operations = [
        migrations.RemoveField(model_name="syncstep", name="started_at"),
        migrations.AddField(
            model_name="syncstep",
            name="missing_count",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="syncstep",
            name="again_since",
            field=models.DateTimeField(null=True),
        ),
    ]
