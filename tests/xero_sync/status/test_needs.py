"""What waits for a portal admin, as the dashboard lists it; and that no link leads to a refusal."""

import html
import re

import pytest

from connected_apps.models import Grant
from invoices.models import ContactLinkChange
from lrm.models import LrmRole, User
from tests.support import builders, document_builders, page_reading
from tests.support.contact_rows import CONTACTS
from tests.support.ghosts import heal, store_ghost
from tests.support.linked import Linked, clock
from tests.support.resyncs import PAGE
from xero_sync.contact_tabs.tabs import Tab
from xero_sync.models import SyncRun
from xero_sync.runs import run_requests

NOTHING = "Nothing waits for a decision."


def needs(linked: Linked, reader: User | None = None) -> str:
    """Return the words of the card on the dashboard."""
    page = builders.client_of(reader or linked.manager).get("/").content.decode()
    card = page.partition('aria-labelledby="needs"')[2].partition("</section>")[0]
    return page_reading.text_of(card)


@pytest.fixture
def watcher(unstarted: Linked) -> User:
    """A portal admin without an LRM role, who sees everything and may do nothing."""
    return builders.make_user(unstarted.portal, portal_admin=True, role=LrmRole.NONE)


def test_cancelled_first_sync_waits_for_somebody(linked: Linked, watcher: User) -> None:
    first = SyncRun.objects.get(is_first=True)
    assert run_requests.cancel(run=first, by=linked.manager, now=clock())

    words = needs(linked)

    assert NOTHING not in words
    assert "The first sync was cancelled Older documents are missing." in words
    assert "Continue : The first sync was cancelled" in words
    assert "See it : The first sync was cancelled" in needs(linked, watcher)


def test_missing_permission_waits_for_somebody(linked: Linked) -> None:
    linked.sweep()
    assert NOTHING in needs(linked)
    Grant.objects.update(scopes="openid offline_access accounting.invoices.read")

    words = needs(linked)

    assert NOTHING not in words
    assert "Xero needs a permission Xero has not yet allowed: Read payments" in words


def test_difference_that_stands_waits_for_somebody(linked: Linked) -> None:
    linked.sweep()
    heal(linked, store_ghost(linked, "GHOST-1"), days=2)

    words = needs(linked)

    assert NOTHING not in words
    assert "Documents differ from Xero Fix them in Xero where they are wrong there" in words


def addresses(page: str) -> set[str]:
    """Return where the links of a page lead, within the product."""
    found = re.findall(r'<a [^>]*href="(/[^"#]*)', page)
    return {html.unescape(address) for address in found}


def test_no_link_leads_a_portal_admin_without_a_role_to_a_refusal(
    unstarted: Linked, watcher: User
) -> None:
    linked = unstarted
    linked.sweep()
    heal(linked, store_ghost(linked, "GHOST-1"), days=2)
    learner = builders.make_learner(linked.portal, sync_to_xero=True)
    contact = document_builders.make_linked(learner, linked.organisation)
    ContactLinkChange.objects.create(
        organisation=linked.organisation,
        learner=learner,
        contact_xero_id=contact,
        at=clock(),
        change="MADE",
        why="Made up",
        by=linked.manager,
        by_name="Alex",
    )
    client = builders.client_of(watcher)
    tabs = [f"{CONTACTS}?tab={tab}" for tab in Tab]

    refused = []
    for page in ["/", PAGE, *tabs, f"{CONTACTS}history/", f"{CONTACTS}history/.{contact}/"]:
        answer = client.get(page)
        assert answer.status_code == 200, page
        refused += [
            f"{page} leads to {address}"
            for address in sorted(addresses(answer.content.decode()))
            if client.get(address, follow=True).status_code == 403
        ]

    assert refused == []
    assert "Learners are not sent to Xero yet A portal admin" in needs(linked, watcher)
    assert str(learner) in client.get(f"{CONTACTS}?tab={Tab.LINKED}").content.decode()
    assert str(learner) in client.get(f"{CONTACTS}history/").content.decode()
