"""Portals of the release before went on sending without being asked: they count as started."""

from datetime import UTC, datetime

from django.db import migrations


def count_as_started(apps, schema_editor):
    Connection = apps.get_model("connected_apps", "Connection")
    ContactLink = apps.get_model("invoices", "ContactLink")
    PushStart = apps.get_model("xero_sync", "PushStart")
    connected = Connection.objects.filter(app="xero", organisation__isnull=False)
    # Connected before, and learners were sent there.
    pushed = ContactLink.objects.filter(source="PUSHED")
    organisations = {
        *connected.values_list("organisation_id", flat=True),
        *pushed.values_list("organisation_id", flat=True).distinct(),
    }
    now = datetime.now(UTC)
    PushStart.objects.bulk_create(
        [
            PushStart(organisation_id=pk, started_at=now, by_name="The system")
            for pk in sorted(organisations)
        ],
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("connected_apps", "0001_initial"),
        ("invoices", "0002_identity_of_contacts"),
        ("xero_sync", "0013_push_starts"),
    ]

    operations = [migrations.RunPython(count_as_started, migrations.RunPython.noop)]
