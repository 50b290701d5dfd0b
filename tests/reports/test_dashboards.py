"""The first page by role: what each is owed an answer to, and nothing that is not theirs."""

import datetime
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connected_apps.models import Organisation
from invoices.models import Kind
from lrm.models import LrmRole, Portal, User
from tests.support import builders as people
from tests.support import document_builders as documents
from tests.support import page_reading

DAY = datetime.timedelta(days=1)


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    return documents.make_organisation(portal)


def home(user: User) -> str:
    html = people.client_of(user).get("/").content.decode()
    return page_reading.text_of(html.partition("<main")[2])


def test_accounts_read_what_is_owed_by_age_and_currency(
    portal: Portal, organisation: Organisation
) -> None:
    for total, days, currency in (
        ("100", -5, "AUD"),
        ("20", 10, "AUD"),
        ("3", 45, "AUD"),
        ("7", 400, "AUD"),
        ("9", 70, "NZD"),
    ):
        documents.make_document(
            organisation, total=total, currency=currency, due_date=documents.today() - days * DAY
        )
    documents.make_document(organisation, kind=Kind.CREDIT_NOTE, total="5.50")
    documents.make_document(organisation, total="1000", status="DRAFT")

    text = home(people.make_user(portal, accounts=True))

    assert "130.00 AUD owed, of which 30.00 overdue. 5.50 credit is not used yet." in text
    assert "Not due yet 100.00 1 to 30 days 20.00 31 to 60 days 3.00" in text
    assert "61 to 90 days 0.00 Over 90 days 7.00" in text
    assert text.index("Owed by age, AUD") < text.index("Owed by age, NZD")
    assert "9.00 NZD owed, of which 9.00 overdue" in text


def test_accounts_read_what_came_in(portal: Portal, organisation: Organisation) -> None:
    for days, amount, status in (
        (0, "10", "PAID"),
        (6, "5", "PAID"),
        (7, "99", "PAID"),
        (0, "77", "VOIDED"),
    ):
        invoice = documents.make_document(organisation, status=status, total="200")
        payment = documents.make_payment(invoice, amount)
        payment.date = documents.today() - days * DAY
        payment.save()
    refunded = documents.make_document(organisation, kind=Kind.CREDIT_NOTE, total="50")
    documents.make_payment(refunded, "50")

    text = home(people.make_user(portal, accounts=True))

    assert "Came in, last 7 days AUD 15.00" in text


def test_what_came_in_is_whole_however_much_was_stored_since(
    portal: Portal, organisation: Organisation
) -> None:
    """A first sync begins with the newest, so that thousands of old ones are stored last."""
    paid = documents.make_document(organisation, status="PAID", total="200")
    payment = documents.make_payment(paid, "15")
    payment.date = documents.today()
    payment.save()
    ahead = documents.make_payment(paid, "99")
    ahead.date = documents.today() + DAY
    ahead.save()
    documents.make_many(organisation, 2_100, synced_at=documents.NOW + DAY)

    text = home(people.make_user(portal, accounts=True))

    assert "Came in, last 7 days AUD 15.00" in text


def test_who_is_late_owes_all_that_is_overdue_however_many_others_are(
    portal: Portal, organisation: Organisation
) -> None:
    """The oldest three hundred are of nobody, and the second of a learner is younger than them."""
    documents.make_many(organisation, 310, due_date=documents.today() - 300 * DAY)
    for number in range(7):
        learner = people.make_learner(portal, given_name=f"Mirra{number}", family_name="Example")
        contact = documents.make_linked(learner, organisation)
        for days in (200 - number, 5):
            documents.make_document(
                organisation,
                contact_xero_id=contact,
                total="50",
                due_date=documents.today() - days * DAY,
            )
        if number == 0:
            documents.make_many(
                organisation, 310, contact_xero_id=contact, due_date=documents.today() - 200 * DAY
            )

    text = home(people.make_user(portal))

    assert re.search(r"Mirra0 Example \w+ 34,200.00 AUD in 312 (199|200) days", text)
    for number in range(1, 6):
        assert re.search(rf"Mirra{number} Example \w+ 100.00 AUD in 2 ", text)
    assert not re.search(r"Mirra6 Example \w+ 100.00 AUD", text)


def test_staff_read_who_is_late_and_what_changed_but_no_sums(
    portal: Portal, organisation: Organisation
) -> None:
    learner = people.make_learner(portal, given_name="Mirra", family_name="Example")
    contact = documents.make_linked(learner, organisation)
    for days in (100, 20):
        documents.make_document(
            organisation,
            contact_xero_id=contact,
            total="50",
            due_date=documents.today() - days * DAY,
        )
    documents.make_document(
        organisation, number="INV-OF-NOBODY", due_date=documents.today() - 200 * DAY
    )

    text = home(people.make_user(portal))

    assert re.search(r"Mirra Example \w+ 100.00 AUD in 2 (99|100) days", text)
    assert "Just changed in Xero" in text
    assert "INV-OF-NOBODY" in text
    assert "Owed by age" not in text
    assert "Came in" not in text


def test_admin_without_lrm_role_reads_what_waits_and_no_documents(
    portal: Portal, organisation: Organisation
) -> None:
    documents.make_document(organisation, number="INV-SECRET", due_date=documents.today() - DAY)

    text = home(people.make_user(portal, portal_admin=True, role=LrmRole.NONE))

    assert "Needs you" in text
    assert "INV-SECRET" not in text
    assert "Overdue the longest" not in text


def test_admin_is_led_to_connect_before_anything_else(portal: Portal) -> None:
    text = home(people.make_user(portal, portal_admin=True))

    assert "Connect Xero Invoices appear here once Xero is connected." in text


def test_documents_of_another_portal_are_on_no_dashboard(portal: Portal) -> None:
    stranger = people.make_portal("Saltbush")
    theirs = documents.make_organisation(stranger)
    documents.make_document(theirs, number="INV-THEIRS", due_date=documents.today() - 9 * DAY)
    documents.make_organisation(portal)

    text = home(people.make_user(portal, accounts=True, portal_admin=True))

    assert "INV-THEIRS" not in text
    assert "Nothing is owed" in text


def test_dashboard_costs_the_same_queries_however_much_there_is(
    portal: Portal, organisation: Organisation
) -> None:
    user = people.make_user(portal, accounts=True, portal_admin=True)
    client = people.client_of(user)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get("/")
        return len(captured)

    def add() -> None:
        contact = documents.make_linked(people.make_learner(portal), organisation)
        documents.make_document(
            organisation, contact_xero_id=contact, due_date=documents.today() - 9 * DAY
        )

    add()
    one = queries()
    for _ in range(8):
        add()

    assert queries() == one
