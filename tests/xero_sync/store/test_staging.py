"""The table a page is copied to: what an older release left of it, and what it does to raw JSON."""

import json

import pytest
from django.db import connection, transaction

from connected_apps.models import Organisation
from invoices.models import ReadBy
from tests.support import bad_documents
from tests.support.document_builders import NOW
from tests.support.linked import Linked
from tests.support.mirror import ours, theirs
from xero_sync.api import json_codec
from xero_sync.resources import Resource
from xero_sync.store import columns, prepared_pages, upserts


def test_pages_are_stored_over_a_connection_that_an_older_release_used(linked: Linked) -> None:
    with connection.cursor() as cursor:
        for table in ("invoices_document", "invoices_contact"):
            cursor.execute(f"CREATE TEMP TABLE incoming_{table} (xero_id uuid)")

    linked.sweep()

    assert ours(linked) == theirs(linked)


def test_other_columns_have_a_table_of_their_own() -> None:
    now = upserts._Table("invoices_contact", columns.CONTACTS, ("xero_id",), {}, "0")
    later = upserts._Table(
        "invoices_contact", {**columns.CONTACTS, "phone": "text"}, ("xero_id",), {}, "0"
    )

    assert now.staging != later.staging


def test_raw_json_is_compressed_by_the_table_and_not_on_its_way_there(
    organisation: Organisation,
) -> None:
    element = bad_documents.invoice(1, LineItems=[{"Description": "Unit of competency. " * 150}])
    as_read = json_codec.loads(json.dumps(element).encode())
    prepared = prepared_pages.prepare(Resource.INVOICE, [as_read])

    with transaction.atomic():
        upserts.write(
            organisation_id=organisation.pk,
            prepared=prepared,
            read_at=NOW,
            by=ReadBy.SWEEP,
            now=NOW,
        )
        on_its_way = compression(upserts._DOCUMENTS.staging)
        stored = compression("invoices_document")

    assert on_its_way is None
    assert stored == ("lz4" if has_lz4() else "pglz")


@pytest.mark.parametrize(
    "table", ["invoices_document", "invoices_documentversion", "invoices_contact"]
)
def test_tables_compress_raw_json_by_lz4_where_the_server_can(table: str, db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attcompression FROM pg_attribute"
            " WHERE attrelid = %s::regclass AND attname = 'raw'",
            [table],
        )
        row = cursor.fetchone()

    assert row == ("l" if has_lz4() else "",)


def compression(table: str) -> str | None:
    """Return by what method the raw JSON of the only row is compressed, if it is."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_column_compression(raw) FROM {table}")  # noqa: S608 - names of ours
        rows = cursor.fetchall()
    assert len(rows) == 1
    method: str | None = rows[0][0]
    return method


def has_lz4() -> bool:
    """Return whether this server was built with it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'lz4' = ANY(enumvals) FROM pg_settings WHERE name = 'default_toast_compression'"
        )
        row = cursor.fetchone()
    assert row is not None
    return bool(row[0])
