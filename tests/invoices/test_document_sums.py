"""What is kept of sums is what the documents add up to, whoever wrote them and however."""

import datetime
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connected_apps.models import Organisation
from invoices import document_sums
from invoices.document_sums import Sql, Wanted
from invoices.models import Document, DocumentSum, DocumentSumChange, Kind, Payment
from lrm.models import Portal
from tests.support import document_builders

pytestmark = pytest.mark.django_db

TODAY = document_builders.TODAY
FIGURES = ("documents", "total", "amount_due", "amount_paid", "amount_credited", "refunded")


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """The organisation whose documents are summed."""
    return document_builders.make_organisation(portal)


def summed(cells: Sql) -> dict[tuple[Any, ...], tuple[Any, ...]]:
    """Return the sums of cells by what no report takes together; a cell of nothing is none."""
    figures = ", ".join(f"sum({name})" for name in FIGURES)
    key = "kind, currency, status, date_trunc('month', date)::date, date > %s, due_date"
    grouped = f"SELECT {key}, {figures} FROM ({cells.text}) AS cell GROUP BY 1, 2, 3, 4, 5, 6"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(grouped, [TODAY, *cells.parameters])
        rows = cursor.fetchall()
    return {row[:6]: row[6:] for row in rows if any(row[6:])}


def of_documents(organisation: Organisation, wanted: Wanted) -> dict[Any, Any]:
    """Return the same from the documents themselves."""
    bounds = {"date__gte": wanted.date_from, "date__lte": wanted.date_to}
    documents = Document.objects.filter(
        organisation=organisation, **{name: day for name, day in bounds.items() if day}
    )
    if wanted.kind:
        documents = documents.filter(kind=wanted.kind)
    if wanted.due_to:
        documents = documents.filter(
            kind=Kind.INVOICE, status="AUTHORISED", amount_due__gt=0, due_date__lte=wanted.due_to
        )
    return summed(document_sums.cells_of(documents))


def kept(organisation: Organisation, wanted: Wanted) -> dict[Any, Any]:
    """Return what is kept."""
    return summed(document_sums.kept_cells(organisation, wanted, today=TODAY))


AMOUNT = st.decimals("-999.99", "99999999999.99", places=2)
DAY = st.sampled_from(
    [
        None,
        datetime.date(2026, 6, 30),
        datetime.date(2026, 7, 1),
        datetime.date(2026, 10, 31),
        TODAY,
        TODAY + datetime.timedelta(days=1),
        datetime.date(2027, 2, 28),
        datetime.date(9999, 12, 30),
    ]
)
WANTED = st.builds(
    Wanted,
    date_from=DAY,
    date_to=DAY,
    kind=st.sampled_from(["", "INVOICE", "CREDIT_NOTE"]),
    due_to=st.sampled_from([None, TODAY]),
)
DOCUMENT = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(list(Kind)),
        "status": st.sampled_from(["DRAFT", "AUTHORISED", "PAID", "VOIDED", "NEW_WORD"]),
        "currency": st.sampled_from(["AUD", "NZD", ""]),
        "total": AMOUNT,
        "amount_due": AMOUNT,
        "date": DAY,
        "due_date": DAY,
    }
)
Acts = list[tuple[str, int, dict[str, Any]]]
ACTS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "change", "refund", "unrefund", "delete", "add up"]),
        st.integers(0, 5),
        DOCUMENT,
    ),
    max_size=14,
)


def act(organisation: Organisation, what: str, which: int, fields: dict[str, Any]) -> None:
    """Do to one of the documents what a writer may do."""
    documents = list(Document.objects.filter(organisation=organisation).order_by("id"))
    if what == "write" or not documents:
        document_builders.make_document(organisation, **fields)
        return
    document = documents[which % len(documents)]
    deeds: dict[str, Callable[[], Any]] = {
        "change": lambda: Document.objects.filter(pk=document.pk).update(**fields),
        "refund": lambda: document_builders.make_payment(document, str(fields["total"])),
        "unrefund": lambda: document.payments.all().delete(),
        "delete": document.delete,
        "add up": lambda: document_sums.add_up(most=3),
    }
    deeds[what]()


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,  # The same documents in every run: chance finds no fault of another change.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(acts=ACTS, wanted=WANTED)
def test_sums_are_those_of_the_documents_after_whatever_was_written(
    organisation: Organisation, acts: Acts, wanted: Wanted
) -> None:
    for what, which, fields in acts:
        act(organisation, what, which, fields)
        assert kept(organisation, wanted) == of_documents(organisation, wanted)

    while document_sums.add_up(most=4):
        assert kept(organisation, wanted) == of_documents(organisation, wanted)

    assert not DocumentSumChange.objects.filter(organisation=organisation).exists()
    assert kept(organisation, Wanted()) == of_documents(organisation, Wanted())
    assert document_sums.mend(organisation) == 0
    Document.objects.filter(organisation=organisation).delete()


def test_documents_written_by_an_upsert_are_summed_once(organisation: Organisation) -> None:
    first = document_builders.make_document(organisation, total="100")
    rows = [
        document_builders.make_document(organisation, save=False, xero_id=xero_id, total="7")
        for xero_id in (first.xero_id, uuid.uuid4())
    ]

    Document.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["organisation", "kind", "xero_id"],
        update_fields=["total", "amount_due"],
    )

    assert kept(organisation, Wanted()) == of_documents(organisation, Wanted())
    assert sum(row[1] for row in kept(organisation, Wanted()).values()) == Decimal(14)


def test_nothing_is_noted_when_a_change_moves_no_sum(organisation: Organisation) -> None:
    document_builders.make_document(organisation)
    while document_sums.add_up():
        pass

    Document.objects.filter(organisation=organisation).update(contact_name="Another")

    assert not DocumentSumChange.objects.exists()


def test_what_differs_is_found_and_mended(organisation: Organisation) -> None:
    document_builders.make_document(organisation, kind=Kind.CREDIT_NOTE)
    document_builders.make_payment(Document.objects.get(), "5")
    document_builders.make_document(organisation, date=None, status="DRAFT")
    document_sums.add_up()
    DocumentSum.objects.filter(grain="D").update(total=F("total") + 1)
    DocumentSum.objects.filter(grain="M", kind=Kind.CREDIT_NOTE).update(refunded=0)

    mended = document_sums.mend(organisation)
    while document_sums.add_up():
        pass

    assert mended == 2
    assert document_sums.mend(organisation) == 0
    assert kept(organisation, Wanted()) == of_documents(organisation, Wanted())


def test_days_and_months_that_hold_nothing_any_more_are_forgotten(
    organisation: Organisation,
) -> None:
    document_builders.make_document(organisation)
    document_sums.add_up()
    assert DocumentSum.objects.exists()

    Document.objects.filter(organisation=organisation).update(date=TODAY.replace(day=1))
    document_sums.add_up()
    Document.objects.all().delete()
    document_sums.add_up()

    assert not DocumentSum.objects.exists()


def test_organisation_can_be_deleted_with_its_documents_and_their_sums(
    organisation: Organisation,
) -> None:
    document = document_builders.make_document(organisation, kind=Kind.OVERPAYMENT)
    document_builders.make_payment(document, "5")
    document_sums.add_up()

    organisation.portal.connections.all().delete()
    organisation.delete()
    document_sums.add_up()

    assert not DocumentSum.objects.exists()
    assert not Payment.objects.exists()


def test_payments_are_added_up_without_reading_all_documents(organisation: Organisation) -> None:
    # As in a first sync: what was planned while next to nothing was there goes on to be used.
    documents = [document_builders.make_document(organisation)]
    document_builders.make_payment(documents[0], "1.00")
    documents += [document_builders.make_document(organisation) for _ in range(50)]
    before = documents_read_in_a_row()

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO invoices_payment (document_id, amount, reference)"
            " SELECT unnest(%s), 1, ''",
            [[document.pk for document in documents[:20]]],
        )
        cursor.execute(
            "UPDATE invoices_payment SET amount = 2 WHERE document_id = %s", [documents[0].pk]
        )
        cursor.execute("DELETE FROM invoices_payment WHERE document_id = %s", [documents[0].pk])

    assert documents_read_in_a_row() == before


def documents_read_in_a_row() -> int:
    """Return how many documents were read without an index in this transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'invoices_document'"
        )
        row = cursor.fetchone()
    assert row is not None
    return int(row[0])
