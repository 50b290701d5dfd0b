from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("xero_sync", "0002_steps_read_again")]

    operations = [
        migrations.AddField(
            model_name="inbox", name="spent", field=models.FloatField(default=0)
        ),
        migrations.AddField(
            model_name="inbox", name="spent_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="cursor", name="until", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="syncstep", name="closing_since", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="syncstep",
            name="closing_page",
            field=models.PositiveIntegerField(default=1),
        ),
    ]
