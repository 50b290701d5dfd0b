"""What is said of Xero where the search finds nothing: only what was looked for."""

import pytest

from connected_apps.models import Organisation
from lrm.models import Portal
from tests.support import builders, document_builders, first_syncs, page_reading
from tests.support.linked import clock
from xero_sync import resources
from xero_sync.models import Cursor
from xero_sync.resources import Resource


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """Give an organisation of one document, as many as Xero counts."""
    organisation = document_builders.make_organisation(portal)
    contact = document_builders.make_contact(organisation, name="Acme")
    document_builders.make_document(
        organisation, number="WC-0570", contact_name="Acme", contact_xero_id=contact.xero_id
    )
    now = clock()
    for kind in resources.DOCUMENTS:
        count = int(kind == Resource.INVOICE)
        Cursor.objects.create(
            organisation=organisation,
            resource=kind,
            last_swept_at=now,
            next_due_at=now,
            counted_at=now,
            count_in_xero=count,
            count_here=count,
        )
    return organisation


def page(organisation: Organisation, text: str, *, accounts: bool = False) -> str:
    """Return the page of a search as the browser gets it."""
    client = builders.client_of(builders.make_user(organisation.portal, accounts=accounts))
    return client.get("/search/", {"q": text}).content.decode().partition("<main")[2]


@pytest.mark.parametrize("text", ["Acme", "0570"])
def test_only_what_was_looked_for_is_said_not_to_be_in_xero(
    organisation: Organisation, text: str
) -> None:
    words = page_reading.text_of(page(organisation, text))

    assert f"“{text}” is not here" in words
    assert "not in Xero either" not in words
    assert "agree on 1 documents" in words
    total = ", or this total" if text == "0570" else ""
    assert f"so no sales document in Xero has a number or reference that begins so{total}." in words


def test_nothing_is_said_not_to_be_in_xero_where_a_document_could_not_be_saved(
    organisation: Organisation,
) -> None:
    first_syncs.quarantine(organisation.connection_set.get(), 1)

    words = page_reading.text_of(page(organisation, "Acme"))

    assert "It may be in Xero all the same." in words
    assert "no sales document in Xero" not in words


def test_report_that_knows_names_is_offered_to_those_who_may_read_it(
    organisation: Organisation,
) -> None:
    address = "/reports/0442/?q=Acme&amp;date_from=&amp;date_to="

    assert address not in page(organisation, "Acme")
    assert f'<a href="{address}">' in page(organisation, "Acme", accounts=True)
    client = builders.client_of(builders.make_user(organisation.portal, accounts=True))
    assert "WC-0570" in client.get(address.replace("&amp;", "&")).content.decode()
