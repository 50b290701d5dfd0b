"""The table a page is copied to may be left by the release before, with other columns."""

from django.db import connection

from tests.support.linked import Linked
from tests.support.mirror import ours, theirs
from xero_sync.store import columns, upserts


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
