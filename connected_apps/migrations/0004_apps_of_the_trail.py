"""The audit trail says which connected app a line is about; whatever stands there is of Xero.

The default is the database's, so that no line is written anew (the trail refuses that), and a
worker of the release before goes on writing lines of Xero.
"""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('connected_apps', '0003_trail_is_kept'),
    ]

    operations = [
        migrations.AddField(
            model_name='auditevent',
            name='app',
            field=models.CharField(db_default='xero', max_length=30),
        ),
    ]
