"""Learners and contacts for the contacts page, stored as rows: for lists that are long."""

from dataclasses import dataclass
from typing import Any

from connected_apps.models import Organisation
from lrm.models import Learner, Portal
from tests.support import builders, document_builders, page_reading
from tests.support.linked import let_learners_go
from xero_sync.models import ContactPush, PushState

CONTACTS = "/settings/connected-apps/xero/contacts/"


@dataclass
class Office:
    """A portal whose organisation is connected, and its admin at the page."""

    portal: Portal
    organisation: Organisation
    client: Any

    def page(self, tab: str, **query: str) -> str:
        """Return the HTML of a tab."""
        answer = self.client.get(CONTACTS, {"tab": tab, **query})
        assert answer.status_code == 200
        return str(answer.content.decode()).partition("<main")[2]

    def post(self, where: str, data: dict[str, Any]) -> str:
        """Send a form of the page and return what the next page says."""
        answer = self.client.post(f"{CONTACTS}{where}", data, follow=True)
        assert answer.status_code == 200, answer.content.decode()
        return page_reading.text_of(answer.content.decode().partition("<main")[2])

    def linked(self, count: int) -> list[Learner]:
        """Store learners with a contact each."""
        learners = [builders.make_learner(self.portal) for _ in range(count)]
        for learner in learners:
            document_builders.make_linked(learner, self.organisation)
        return learners

    def refused(self, count: int) -> list[Learner]:
        """Store ticked learners that Xero refused."""
        learners = [builders.make_learner(self.portal, sync_to_xero=True) for _ in range(count)]
        for learner in learners:
            ContactPush.objects.create(
                learner=learner,
                state=PushState.REFUSED,
                problem="Made-up words of Xero's",
                requested_at=document_builders.NOW,
            )
        return learners


def open_office(portal: Portal, **person: Any) -> Office:
    """Return the office of a portal, with an admin who may act."""
    organisation = document_builders.make_organisation(portal)
    let_learners_go(organisation)
    admin = builders.make_user(portal, portal_admin=True, **person)
    return Office(portal, organisation, builders.client_of(admin))
