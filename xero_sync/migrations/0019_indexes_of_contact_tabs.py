from django.db import migrations

from lrm.roster import search

# Each tab of the contacts page lists what few rows of a large table have in common.
INDEXES = {
    "learner_ticked": "lrm_learner (portal_id, id) WHERE sync_to_xero",
    "learner_not_ticked": "lrm_learner (portal_id, id) WHERE NOT sync_to_xero",
    "learner_email": "lrm_learner (portal_id, lower(email)) WHERE email <> ''",
    "contact_email": "invoices_contact (organisation_id, lower(email)) WHERE email <> ''",
    "contact_link_newest": "invoices_contactlink (organisation_id, id)",
    "contact_link_of_learner": "invoices_contactlink (organisation_id, learner_id)",
    "contact_not_active": "invoices_contact (organisation_id, xero_id) WHERE status <> 'ACTIVE'",
    "contact_supplier_only": (
        "invoices_contact (organisation_id, xero_id) WHERE status = 'ACTIVE'"
        " AND raw ->> 'IsSupplier' = 'true' AND raw ->> 'IsCustomer' IS DISTINCT FROM 'true'"
    ),
    "link_change_newest": "invoices_contactlinkchange (organisation_id, id)",
    "link_change_of_people": (
        "invoices_contactlinkchange (organisation_id, id) WHERE by_id IS NOT NULL"
    ),
    "link_change_of_contact": "invoices_contactlinkchange (contact_xero_id)",
    "contact_words": (
        f"invoices_contact USING gin (({search.words_sql('name', 'contact_number', 'email')}))"
    ),
}


class Migration(migrations.Migration):
    """Built while others write, so not in a transaction. They are here and not with their tables,
    because only pages of this app look for these rows.
    """

    atomic = False

    dependencies = [
        ("invoices", "0003_end_links_by_number_alone"),
        ("lrm", "0002_learner_words"),
        ("xero_sync", "0018_contact_questions_filled"),
    ]

    operations = [
        migrations.RunSQL(
            # One that was begun and not finished would be there, and be of no use.
            [
                f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
                f"CREATE INDEX CONCURRENTLY {name} ON {index}",
            ],
            f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        )
        for name, index in INDEXES.items()
    ]
