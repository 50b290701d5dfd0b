"""What report #0442 may be asked for, beyond dates and kinds; and what it says of what it lists."""

import csv
import datetime
import io
from typing import Any

import pytest
from django.test import Client

from connected_apps import book_days
from connected_apps.models import Connection, Organisation
from invoices.listing import document_rows, paging
from invoices.models import Contact, ContactLink, Document, Kind
from lrm.models import Learner, Portal
from reports import synced_invoices
from tests.support import builders as people
from tests.support import document_builders, page_reading
from tests.support.report_rows import criteria_of, numbers_of, rows_of, totals_of

pytestmark = pytest.mark.django_db

TODAY = document_builders.TODAY
DAY = datetime.timedelta(days=1)
ALL = {"date_from": "", "date_to": ""}


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """The organisation that is reported on."""
    return document_builders.make_organisation(portal)


@pytest.fixture
def client(portal: Portal) -> Client:
    """A signed-in person of accounts."""
    return people.client_of(people.make_user(portal, accounts=True))


def text_of(client: Client, **query: str) -> str:
    """Return what people read on the page."""
    return page_reading.text_of(client.get("/reports/0442/", query).content.decode())


@pytest.mark.parametrize("text", ["zora", "mirra", "ZORA exam"])
def test_text_that_many_have_in_their_names_finds_the_documents_of_all(
    client: Client, portal: Portal, organisation: Organisation, text: str
) -> None:
    """A first name, or "student": totals of the first two thousand were taken for all."""
    count = 2_005
    learners = Learner.objects.bulk_create(
        Learner(portal=portal, number=f"L{n}", given_name="Mirra", family_name="Example")
        for n in range(count)
    )
    contacts = [
        document_builders.make_contact(organisation, save=False, name=f"Zora Example {n}")
        for n in range(count)
    ]
    Contact.objects.bulk_create(contacts)
    ContactLink.objects.bulk_create(
        document_builders.link(learner, organisation, contact.xero_id, save=False)
        for learner, contact in zip(learners, contacts, strict=True)
    )
    Document.objects.bulk_create(
        document_builders.make_document(organisation, save=False, contact_xero_id=contact.xero_id)
        for contact in contacts
    )
    document_builders.make_document(organisation)

    assert sum(total.count for total in totals_of(criteria_of(organisation, text=text))) == count
    answer = client.get("/reports/0442.csv", {**ALL, "q": text})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert len(rows) == count
    assert f"{count:,} documents" in text_of(client, **ALL, q=text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INV-00", ["INV-002", "INV-001"]),
        ("inv-001", ["INV-001"]),
        ("creek", ["CN-9"]),
        ("Càter bank", ["CN-9"]),
        ("robin nguyen", ["INV-002"]),
        ("L77", ["INV-002"]),
        # Digits alone are Xero's usual numbers, and no middles of others.
        ("001", ["INV-001"]),
        ("01", []),
        ("%", []),
        ("' OR 1=1", []),
    ],
)
def test_text_finds_beginnings_of_numbers_contacts_and_learners(
    portal: Portal, organisation: Organisation, text: str, expected: list[str]
) -> None:
    learner = people.make_learner(portal, number="L77", family_name="Nguyen")
    payer = document_builders.make_contact(organisation, name="Banksia Creek Catering")
    linked = document_builders.make_linked(learner, organisation)
    document_builders.make_document(organisation, number="INV-001", date=TODAY - DAY)
    document_builders.make_document(organisation, number="INV-002", contact_xero_id=linked)
    document_builders.make_document(organisation, number="CN-9", contact_xero_id=payer.xero_id)
    other = document_builders.make_organisation(people.make_portal())
    document_builders.make_document(other, number="INV-003")

    assert numbers_of(criteria_of(organisation, text=text)) == expected
    assert sum(total.count for total in totals_of(criteria_of(organisation, text=text))) == len(
        expected
    )


def test_learner_without_a_contact_has_no_documents_and_no_fault(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    people.make_learner(portal, number="LONELY")
    document_builders.make_document(organisation, number="INV-1")

    text = text_of(client, **ALL, learner="LONELY")
    answer = client.get("/reports/0442.csv", {**ALL, "learner": "LONELY"})

    assert "No document matches" in text
    assert b"INV-1" not in b"".join(answer)


def test_no_learner_lists_what_nobody_is_linked_to_and_says_how_many(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    linked = document_builders.make_linked(people.make_learner(portal), organisation)
    document_builders.make_document(organisation, number="HAS", contact_xero_id=linked)
    document_builders.make_document(organisation, number="HAS-NO-CONTACT")
    lonely = document_builders.make_contact(organisation)
    document_builders.make_document(organisation, number="HAS-NONE", contact_xero_id=lonely.xero_id)

    alone = text_of(client, **ALL, no_learner="on")

    assert "No learner (2)" in text_of(client, **ALL)
    assert "HAS-NONE" in alone
    assert "HAS-NO-CONTACT" in alone
    assert "HAS Invoice" not in alone
    # Xero's own pages cannot set the number that tells who a contact is.
    assert "To fix these: ask a portal admin to link the contact to the learner" in alone
    assert "account number" not in alone


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("overdue", ["D1", "D30", "D31", "D90", "D91"]),
        ("30", ["D1", "D30"]),
        ("60", ["D31"]),
        ("90", ["D90"]),
        ("over-90", ["D91"]),
    ],
)
def test_ages_go_by_days_after_the_due_date(
    organisation: Organisation, age: str, expected: list[str]
) -> None:
    for days in (0, 1, 30, 31, 90, 91):
        document_builders.make_document(
            organisation, number=f"D{days}", due_date=TODAY - days * DAY
        )
    late: dict[str, Any] = {"due_date": TODAY - 40 * DAY}
    document_builders.make_document(organisation, number="PAID", status="PAID", **late)
    document_builders.make_document(organisation, number="DRAFT", status="DRAFT", **late)
    document_builders.make_document(organisation, number="CREDIT", kind=Kind.CREDIT_NOTE, **late)
    criteria = criteria_of(organisation, age=age)

    assert sorted(numbers_of(criteria)) == sorted(expected)
    assert sum(total.count for total in totals_of(criteria)) == len(expected)


def test_overdue_goes_by_the_day_of_the_organisation(portal: Portal) -> None:
    organisation = document_builders.make_organisation(portal)
    organisation.time_zone = "Pacific/Auckland"
    # Half past midnight in Auckland, half past ten of the day before in Sydney.
    now = datetime.datetime(2026, 11, 20, 11, 30, tzinfo=datetime.UTC)
    document_builders.make_document(
        organisation, number="LATE-THERE", due_date=datetime.date(2026, 11, 20)
    )

    today = book_days.today_of(portal=portal, organisation=organisation, now=now)
    rows = rows_of(criteria_of(organisation, today=today, age="overdue"))

    assert [(row["number"], row["days_overdue"]) for row in rows] == [("LATE-THERE", 1)]


def test_dates_of_storing_are_days_of_the_organisation(organisation: Organisation) -> None:
    for number, hour in (("BEFORE", 12), ("IN", 13)):
        at = datetime.datetime(2026, 11, 19, hour, tzinfo=datetime.UTC)
        document_builders.make_document(organisation, number=number, synced_at=at)

    listed = criteria_of(organisation, by_synced=True, date_from=TODAY, date_to=TODAY)

    # The 20th begins in Sydney at 13:00 UTC of the 19th.
    assert numbers_of(listed) == ["IN"]
    assert [total.count for total in totals_of(listed)] == [1]


@pytest.mark.parametrize("ends", [("0001-01-01", "9999-12-31"), ("9999-12-31", "9999-12-31")])
@pytest.mark.parametrize("by", ["", "synced"])
def test_absurd_dates_are_answered(
    organisation: Organisation, client: Client, ends: tuple[str, str], by: str
) -> None:
    document_builders.make_document(organisation, number="INV-1")
    document_builders.make_document(
        organisation,
        number="END",
        date=datetime.date(9999, 12, 31),
        synced_at=document_builders.NOW,
    )

    response = client.get("/reports/0442/", {"date_from": ends[0], "date_to": ends[1], "by": by})

    assert response.status_code == 200
    if not by:
        assert "END" in response.content.decode()


@pytest.mark.parametrize("sort", ["oldest", "due", "total", "left", "synced"])
def test_every_order_can_be_paged_both_ways(organisation: Organisation, sort: str) -> None:
    for n in range(11):
        document_builders.make_document(
            organisation,
            number=f"N{n}",
            total=str(n // 3),
            date=None if n < 2 else TODAY - (n // 4) * DAY,
            due_date=None if n % 4 == 0 else TODAY + (n // 3) * DAY,
            synced_at=document_builders.NOW + (n // 2) * DAY,
        )
    criteria = criteria_of(organisation, sort=sort)
    documents = synced_invoices.documents_of(criteria)
    everything = [document.id for document in documents]
    order = criteria.order

    page = paging.page_of(documents, size=3, order=order)
    forwards = [document.id for document in page.documents]
    while page.older is not None:
        edge = paging.edge_from(str(page.older), order=order)
        page = paging.page_of(documents, after=edge, size=3, order=order)
        forwards += [document.id for document in page.documents]
    backwards = [document.id for document in page.documents]
    while page.newer is not None:
        edge = paging.edge_from(str(page.newer), order=order)
        page = paging.page_of(documents, before=edge, size=3, order=order)
        backwards = [*(document.id for document in page.documents), *backwards]

    assert forwards == everything == backwards


def test_files_say_a_status_as_the_page_does(organisation: Organisation) -> None:
    for kind in Kind:
        for status in ("DRAFT", "SUBMITTED", "AUTHORISED", "PAID", "VOIDED", "DELETED", "NEW", ""):
            for due in ("0", "40", "110"):
                for days in (-1, 0, 1, 2, None):
                    document_builders.make_document(
                        organisation,
                        kind=kind,
                        status=status,
                        amount_due=due,
                        amount_paid="30" if days else "0",
                        amount_credited="5" if due == "40" else "0",
                        due_date=None if days is None else TODAY - days * DAY,
                    )
    overpaid = organisation.documents.filter(kind=Kind.OVERPAYMENT, amount_due=40)
    refunded = overpaid.order_by("pk")
    for document in refunded[:8]:
        document_builders.make_payment(document, "70")
    for document in refunded[8:12]:
        document_builders.make_payment(document, "20")
    criteria = criteria_of(organisation)

    in_file = {row["xero_id"]: row["status_in_words"] for row in rows_of(criteria)}
    rows = document_rows.rows_of(synced_invoices.documents_of(criteria))
    on_page = {
        row.document.xero_id: row.status.text
        for row in document_rows.shown_rows_of(rows, today=TODAY)
    }

    assert in_file == on_page
    assert len(set(in_file.values())) > 15


def test_unknown_status_is_owed_by_nobody(organisation: Organisation, client: Client) -> None:
    document_builders.make_document(organisation, number="ODD", total="70", status="NEW_WORD")

    totals = totals_of(criteria_of(organisation))

    assert [str(totals[0].unapproved_total), str(totals[0].amount_due)] == ["70.0000", "0"]
    assert "70.00 not counted" in text_of(client, **ALL)


def test_what_is_dated_ahead_is_marked_and_summed(
    organisation: Organisation, client: Client
) -> None:
    document_builders.make_document(organisation, total="70", date=datetime.date(2090, 1, 1))

    text = text_of(client, **ALL)

    assert "dated ahead" in text
    assert "AUD 70.00 of what is owed is on 1 invoice dated after today." in text


def test_file_names_its_currency_base_amount_and_what_was_applied(
    portal: Portal, organisation: Organisation
) -> None:
    organisation.short_code = "!ab12"
    organisation.save()
    invoice = document_builders.make_document(
        organisation, number="INV-1", total="130", currency="NZD", currency_rate="1.3"
    )
    credit = document_builders.make_document(organisation, number="CN-1", kind=Kind.CREDIT_NOTE)
    document_builders.apply_credit(credit, invoice, "12.5")

    by_number = {row["number"]: row for row in rows_of(criteria_of(organisation))}

    assert by_number["INV-1"]["base_total"] == 100
    assert by_number["INV-1"]["applied_by"] == "CN-1 12.50"
    assert by_number["CN-1"]["applied_to"] == "INV-1 12.50"
    assert by_number["CN-1"]["base_total"] == 110
    assert by_number["INV-1"]["xero_link"] == (
        "https://go.xero.com/organisationlogin/default.aspx?shortcode=!ab12"
        f"&redirecturl=/AccountsReceivable/View.aspx?InvoiceID={invoice.xero_id}"
    )


def test_too_many_documents_to_add_up_are_listed_without_totals(
    organisation: Organisation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        document_builders.make_document(organisation, number=f"INV-{n}")
    monkeypatch.setattr("reports.totals.MOST_READ", 2)

    text = text_of(client, **ALL, q="INV")

    assert "too many to add up while you wait" in text
    assert "INV-2 Invoice" in text


def test_financial_year_is_that_of_the_organisation(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    organisation.financial_year_end_month, organisation.financial_year_end_day = 3, 31
    organisation.save()
    html = client.get("/reports/0442/").content.decode()
    assert 'name="date_to" value="' in html
    assert '-03-31"' in html

    organisation.financial_year_end_month = None
    organisation.save()
    portal.financial_year_first_month = 1
    portal.save()

    assert '-12-31"' in client.get("/reports/0442/").content.decode()


def test_disconnected_report_says_so_in_its_page_and_in_its_files(
    organisation: Organisation, client: Client
) -> None:
    document_builders.make_document(organisation)
    Connection.objects.update(state="DISCONNECTED_IN_XERO")

    text = text_of(client, **ALL)
    answer = client.get("/reports/0442.csv", ALL)
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))

    assert "Xero was disconnected" in text
    assert "-incomplete.csv" in answer["Content-Disposition"]
    assert rows[0]["Complete"] == "no"
    assert rows[0]["Organisation"] == organisation.name
