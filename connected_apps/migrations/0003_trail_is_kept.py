"""Nothing in the audit trail is changed or deleted: see the trigger of `lrm`'s own trail."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('connected_apps', '0002_financial_year'),
        ('lrm', '0014_trail_is_kept'),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE TRIGGER keep_trail BEFORE UPDATE OR DELETE ON connected_apps_auditevent"
            " FOR EACH ROW EXECUTE FUNCTION lrm_keep_trail()",
            "DROP TRIGGER keep_trail ON connected_apps_auditevent",
        ),
    ]
