from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("xero_sync", "0005_what_readings_list")]

    operations = [
        migrations.AddField(
            model_name="syncrun", name="by_command", field=models.BooleanField(default=False)
        ),
        migrations.AddField(
            model_name="syncrun", name="pace_since", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="syncrun",
            name="read_before_pace",
            field=models.PositiveIntegerField(default=0),
        ),
    ]
