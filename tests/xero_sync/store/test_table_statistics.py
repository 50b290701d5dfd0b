"""PostgreSQL knows soon what a first sync has made of empty tables.

Until somebody analyses a table, plans are made for next to no rows: in a first sync of 288,000
documents jobs spent 13 of 50 seconds reading whole tables for it.
"""

from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest
from django.db import connection

from connected_apps.models import Organisation
from invoices.models import Document
from tests.support import builders, document_builders, simulator_process
from tests.support.linked import Linked
from tests.support.resyncs import ask
from xero_sync.models import RunState
from xero_sync.store import table_statistics

PAGE_SIZE, DOCUMENTS, CONTACTS = 50, 800, 600


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator of which every list has many pages."""
    options = {"max-page-size": PAGE_SIZE, "documents": DOCUMENTS, "contacts": CONTACTS}
    told = (part for name, value in options.items() for part in (f"--{name}", str(value)))
    with simulator_process.running("--no-limits", *told) as url:
        yield url


FORGOTTEN = ("invoices_document", "invoices_contact")


@pytest.fixture
def forgotten(transactional_db: None) -> Iterator[None]:
    """Empty documents and contacts, and let PostgreSQL forget what it knew of them.

    Autovacuum leaves them alone meanwhile: it may come at any moment, and analyses them too.
    """
    change("SET (autovacuum_enabled = off)")
    with connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(FORGOTTEN)} CASCADE")
    yield
    change("RESET (autovacuum_enabled)")


def change(option: str) -> None:
    """Change an option of the tables."""
    with connection.cursor() as cursor:
        for table in FORGOTTEN:
            cursor.execute(f"ALTER TABLE {table} {option}")


@pytest.fixture
def emptied(linked: Linked, forgotten: None) -> Linked:
    """Give a portal on tables of which PostgreSQL knows nothing yet, as on its first day."""
    return linked


def expected_rows(organisation: Organisation) -> int:
    """Return how many documents PostgreSQL expects of an organisation."""
    documents = Document.objects.filter(organisation=organisation).order_by()
    (found,) = documents.values("pk").explain(format="json").splitlines()
    return int(found.split('"Plan Rows": ')[1].split(",")[0])


def known_rows(table: str = "invoices_document") -> float:
    """Return how many rows the last ANALYZE found; -1 without any."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        return float(cursor.fetchone()[0])


def test_a_sync_of_many_pages_tells_postgresql_how_many_documents_there_are(
    emptied: Linked,
) -> None:
    assert known_rows() == -1

    run = emptied.work(ask(emptied))
    assert (run.state, run.reason) == (RunState.DONE, "")

    stored = Document.objects.filter(organisation=emptied.organisation).count()
    assert stored > 8 * PAGE_SIZE
    assert stored / 3 < expected_rows(emptied.organisation) < stored * 3


def test_a_sweep_of_many_pages_tells_postgresql_how_many_contacts_there_are(
    emptied: Linked,
) -> None:
    assert known_rows("invoices_contact") == -1

    emptied.sweep()

    assert CONTACTS / 2 < known_rows("invoices_contact") <= CONTACTS


@pytest.mark.parametrize("page", [1, 2, 7, 9, 31, 33])
def test_nobody_looks_after_any_other_page(emptied: Linked, page: int) -> None:
    document_builders.make_many(emptied.organisation, 2_000)

    table_statistics.keep_up(page=page)
    assert known_rows() == -1

    table_statistics.keep_up(page=32)
    assert known_rows() == 2_000


def test_a_table_is_looked_at_again_when_it_is_twice_as_large(emptied: Linked) -> None:
    document_builders.make_many(emptied.organisation, 2_000)
    table_statistics.keep_up(page=8)
    document_builders.make_many(emptied.organisation, 1_500)

    table_statistics.keep_up(page=32)
    assert known_rows() == 2_000

    document_builders.make_many(emptied.organisation, 1_500)
    table_statistics.keep_up(page=32)
    assert known_rows() == 5_000


def test_tables_of_any_size_are_reckoned_with(
    emptied: Linked, caplog: pytest.LogCaptureFixture
) -> None:
    """Twice a gigabyte is more than an integer of PostgreSQL's holds."""
    document_builders.make_many(emptied.organisation, 2_000)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_class SET relpages = 2000000 WHERE oid = 'invoices_contact'::regclass"
        )

    table_statistics.keep_up(page=8)

    assert known_rows() == 2_000
    assert caplog.text == ""


def test_nothing_stops_where_postgresql_refuses(
    emptied: Linked, caplog: pytest.LogCaptureFixture
) -> None:
    document_builders.make_many(emptied.organisation, 5_000)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '1ms'")
        table_statistics.keep_up(page=8)
        cursor.execute("RESET statement_timeout")

    assert "Tables could not be analysed after page 8" in caplog.text


@pytest.mark.usefixtures("forgotten")
def test_a_table_that_somebody_is_busy_with_keeps_nobody_waiting() -> None:
    organisation = document_builders.make_organisation(builders.make_portal())
    document_builders.make_many(organisation, 2_000)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '2s'")

    with closing(psycopg2.connect(**connection.get_connection_params())) as vacuum:
        vacuum.cursor().execute("LOCK TABLE invoices_document IN SHARE UPDATE EXCLUSIVE MODE")
        table_statistics.keep_up(page=8)
        assert known_rows() == -1
        # A server learns of a connection's end when it comes to it; of this one's at once.
        vacuum.rollback()

    table_statistics.keep_up(page=8)
    assert known_rows() == 2_000
