"""Two things that make a page of documents cheaper to store; neither rewrites a row.

*Refunds by index.* The triggers that add payments up join them with their documents. PostgreSQL
plans a trigger's statement once a session, for the tables as they are then: in a first sync, next
to empty, so that it reads all documents for every page, and more of them with each. A page's
payments are found by the primary key of their documents however many there are.

*Raw JSON by lz4*, where the server was built with it. What is stored already stays as it is, and
is read as before.
"""

from django.db import migrations

_FUNCTIONS = tuple(f"invoices_payment_summed_on_{event}()" for event in ("insert", "update", "delete"))
# Every way to join that reads a whole table, the small one of a beginning too.
_WITHOUT_INDEX = ("enable_hashjoin", "enable_mergejoin", "enable_seqscan")
_TABLES = ("invoices_document", "invoices_documentversion", "invoices_contact")


def _alter(settings: str) -> str:
    return ";".join(f"ALTER FUNCTION {name} {settings}" for name in _FUNCTIONS)


_LZ4 = f"""
DO $$ BEGIN
    {"; ".join(f"ALTER TABLE {name} ALTER COLUMN raw SET COMPRESSION lz4" for name in _TABLES)};
EXCEPTION WHEN feature_not_supported THEN
    RAISE NOTICE 'This server has no lz4: raw JSON is compressed by pglz.';
END $$
"""
_DEFAULT = ";".join(
    f"ALTER TABLE {name} ALTER COLUMN raw SET COMPRESSION default" for name in _TABLES
)


class Migration(migrations.Migration):
    dependencies = [("invoices", "0014_document_moves")]

    operations = [
        migrations.RunSQL(
            _alter(" ".join(f"SET {name} = off" for name in _WITHOUT_INDEX)),
            _alter(" ".join(f"RESET {name}" for name in _WITHOUT_INDEX)),
        ),
        migrations.RunSQL(_LZ4, _DEFAULT),
    ]
