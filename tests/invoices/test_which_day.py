"""Every page takes the day for the one where the books are kept, as Xero and the reports do.

The portal and its books stand on either side of the date line here: their dates always differ.
"""

import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from connected_apps.models import Organisation
from invoices.models import Contact, Document
from lrm.models import Learner, Portal
from tests.support import builders, document_builders
from tests.support.page_reading import text_of

pytestmark = pytest.mark.django_db

AHEAD, BEHIND = "Pacific/Kiritimati", "Pacific/Pago_Pago"
DAY = datetime.timedelta(days=1)
NUMBER, LATE = "INV-7701", "Overdue by 1 day"


@pytest.fixture
def contact(learner: Learner, organisation: Organisation) -> Contact:
    """The learner's contact."""
    found = document_builders.make_linked(learner, organisation)
    return Contact.objects.get(xero_id=found)


def read(client: Client, address: str) -> str:
    """Return what a page says, wherever it leads to."""
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return text_of(answer.content.decode())


def pages_of(learner: Learner, contact: Contact, document: Document) -> dict[str, str]:
    """Return where the document shows: pages of staff, the learner's own, and the API."""
    return {
        "learner": reverse("learner_xero_invoices", args=[learner.pk]),
        "only overdue": f"{reverse('learner_xero_invoices', args=[learner.pk])}?status=overdue",
        "contact": reverse("contact", args=[contact.pk]),
        "document": reverse("document_detail", args=[document.pk]),
        "dashboard": reverse("home"),
        "search": f"{reverse('search')}?q=7701",
        "report": reverse("report_0442"),
        "own": reverse("my_invoices"),
        "api": f"/api/v1/documents/{document.pk}/",
    }


@pytest.mark.parametrize(
    "page",
    [
        *("learner", "only overdue", "contact", "document", "dashboard", "search", "report"),
        *("own", "api"),
    ],
)
@pytest.mark.parametrize(("books", "elsewhere"), [(AHEAD, BEHIND), (BEHIND, AHEAD)])
def test_invoice_is_overdue_once_its_day_is_over_where_the_books_are(
    page: str,
    books: str,
    elsewhere: str,
    portal: Portal,
    organisation: Organisation,
    learner: Learner,
    contact: Contact,
) -> None:
    Portal.objects.filter(pk=portal.pk).update(time_zone=elsewhere, learners_see_documents=True)
    Organisation.objects.filter(pk=organisation.pk).update(time_zone=books)
    learner.refresh_from_db()
    user = builders.make_user(portal, accounts=True)
    client = builders.client_of(builders.make_learner_account(learner) if page == "own" else user)
    today = datetime.datetime.now(ZoneInfo(books)).date()
    document = document_builders.make_document(
        organisation, contact_xero_id=contact.xero_id, number=NUMBER, due_date=today
    )

    address = pages_of(learner, contact, document)[page]

    assert LATE not in read(client, address)

    document.due_date = today - DAY
    document.save()

    assert LATE in read(client, address)


def test_dashboard_counts_the_days_that_are_over_where_the_books_are(
    portal: Portal, organisation: Organisation, contact: Contact
) -> None:
    Portal.objects.filter(pk=portal.pk).update(time_zone=AHEAD)
    Organisation.objects.filter(pk=organisation.pk).update(time_zone=BEHIND)
    client = builders.client_of(builders.make_user(portal))
    today = datetime.datetime.now(ZoneInfo(BEHIND)).date()
    document = document_builders.make_document(
        organisation, contact_xero_id=contact.xero_id, due_date=today
    )

    assert "No invoice of a learner is overdue" in late_card(client)

    document.due_date = today - DAY
    document.save()

    assert " 1 day " in late_card(client)


def late_card(client: Client) -> str:
    """Return what the dashboard says of who is overdue the longest."""
    return read(client, reverse("home")).partition("Overdue the longest")[2][:300]
