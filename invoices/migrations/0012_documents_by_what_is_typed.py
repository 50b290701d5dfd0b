"""The indexes by which a person finds a document: its number, its reference, its total, and what of
it is still open.

Written as SQL because a prefix is only found through an index of PostgreSQL's own order, "C". Of a
reference the beginning is enough; all of it may be longer than an index takes. Built while
documents go on being stored.
"""

from django.db import migrations

INDEXES = {
    "document_by_number": '(organisation_id, (upper(number) COLLATE "C"))',
    "document_by_reference": (
        '(organisation_id, (upper("left"(reference, 100)) COLLATE "C")) WHERE reference <> \'\''
    ),
    "document_by_total": "(organisation_id, total, date)",
    "document_open": (
        "(organisation_id, due_date)"
        " INCLUDE (kind, status, currency, amount_due, contact_xero_id)"
        " WHERE amount_due > 0 AND status = 'AUTHORISED'"
    ),
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("invoices", "0011_document_sums_kept"),
    ]

    operations = [
        migrations.RunSQL(
            # One that was begun and not finished would be there, and be of no use.
            [
                f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
                f"CREATE INDEX CONCURRENTLY {name} ON invoices_document {index}",
            ],
            f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        )
        for name, index in INDEXES.items()
    ]
