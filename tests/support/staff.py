"""Somebody who works with learners and their contacts, at the browser, while workers take turns."""

import re
from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from lrm.models import Learner
from tests.support import builders, page_reading
from tests.support.linked import Linked
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush

CONTACTS = "/settings/connected-apps/xero/contacts/"
MOST_TURNS = 6


@dataclass
class Desk:
    """The contacts page of a connected portal, as one of its people has it."""

    linked: Linked
    client: Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = builders.client_of(self.linked.manager)

    def save(self, learner: Learner | None = None, *, ticked: bool, **details: Any) -> Learner:
        """Add a learner by the form, or change one."""
        address = f"/learners/{learner.pk}/edit/" if learner else "/learners/new/"
        typed = {
            "number": "L900001",
            "given_name": "Imogen",
            "family_name": "Made-Up",
            "email": "imogen@example.com",
            "mobile": "",
            "country": "Australia",
            **details,
        }
        answer = self.client.post(address, typed | ({"sync_to_xero": "on"} if ticked else {}))
        assert answer.status_code == 302, answer.content.decode()
        return self.linked.portal.learners.get(number=typed["number"])

    def push(self) -> None:
        """Let workers take turns until no learner waits, as beat has them do."""
        for _ in range(MOST_TURNS):
            self.linked.push()
            ContactPush.objects.filter(state__in=push_queue.OPEN).update(not_before=None)

    def page(self, tab: str, **query: str) -> str:
        """Return the HTML of a tab."""
        answer = self.client.get(CONTACTS, {"tab": tab, **query})
        assert answer.status_code == 200
        return answer.content.decode().partition("<main")[2]

    def words(self, tab: str, **query: str) -> str:
        """Return what a tab says."""
        return page_reading.text_of(self.page(tab, **query))

    def counts(self) -> dict[str, str]:
        """Return the counts on the tabs, by the tab's name in the address."""
        found = re.findall(
            r'href="\?tab=([a-z-]+)"[^>]*>[^<]*<span class="tab-count[^"]*">([\d,+]+)<',
            self.page("questions"),
        )
        return dict(found)

    def keys(self, tab: str, **query: str) -> list[str]:
        """Return what the check boxes of a tab name."""
        return re.findall(r'name="key" value="([^"]+)"', self.page(tab, **query))

    def press(self, tab: str, value: str, **query: str) -> str:
        """Press a row's button, which must be there, and return what the page says then."""
        assert f'name="only" value="{value}"' in self.page(tab, **query)
        return self.post("act/", {"tab": tab, "only": value, **query})

    def act(self, tab: str, act: str, *keys: str, **fields: str) -> str:
        """Check rows of a tab and press the button for many; return what the page says then."""
        assert f'name="act" value="{act}"' in self.page(tab)
        return self.post("act/", {"tab": tab, "act": act, "key": list(keys), **fields})

    def post(self, where: str, data: dict[str, Any]) -> str:
        """Send a form of the page and return what the next page says."""
        answer = self.client.post(f"{CONTACTS}{where}", data, follow=True)
        assert answer.status_code == 200, answer.content.decode()
        return page_reading.text_of(answer.content.decode().partition("<main")[2])

    def undo_last(self) -> str:
        """Press the undo that is offered right after an act."""
        found = re.search(r'name="at" value="([^"]+)"', self.page("questions"))
        assert found is not None, "no undo is offered"
        return self.post("undo/", {"at": found[1]})

    def shown(self, learner: Learner) -> set[str]:
        """Return the numbers of the invoices on the learner's page."""
        answer = self.client.get(f"/learners/{learner.pk}/xero-invoices/")
        assert answer.status_code == 200
        return set(re.findall(r"INV-\d+", answer.content.decode().partition("<main")[2]))


def raise_invoice(linked: Linked, contact_id: str) -> str:
    """Have accounts make out an invoice in Xero, and return its number."""
    made = linked.world.do(
        "documents",
        tenant=linked.tenant,
        act="raise",
        contact_id=contact_id,
        lines=[{"description": "Course fee", "unit_amount": "110.00"}],
    )
    number: str = next(
        one["number"] for one in linked.books()["documents"] if one["xero_id"] == made["id"]
    )
    return number


def make_by_hand(linked: Linked, **values: Any) -> str:
    """Have accounts make a contact in Xero, and return its id."""
    made = linked.world.do("contacts", tenant=linked.tenant, act="create", **values)
    return str(made["id"])


def contact_in_xero(linked: Linked, contact_id: str) -> dict[str, Any]:
    """Return a contact as Xero has it."""
    found: dict[str, Any] = next(
        one for one in linked.books()["contacts"] if one["contact_id"] == contact_id
    )
    return found
