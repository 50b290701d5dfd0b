"""One of the two portals: its learners, and somebody of its staff at the browser."""

import re
from dataclasses import dataclass, field

from django.test import Client

from connected_apps.models import Connection
from lrm.models import Portal
from tests.convergence.identities.oracle import Facts
from tests.support import builders, xero
from tests.support.simulator_client import SimulatorClient

ANSWERED_MEANWHILE = "Nothing was changed"
# The first words of how a learner stands, on its page.
IN_XERO, ARCHIVED, NOT_TICKED = "In Xero", "Archived in Xero", "Not ticked"
ASKED, REFUSED = "Waiting for an answer", "Refused by Xero"
_FORM = re.compile(
    r'<form[^>]*action="/learners/\d+/xero-contact/(?P<contact>[0-9a-f-]+)/".*?</form>', re.DOTALL
)
_STANDING = re.compile(r'<div class="standing">.*?<p>(?P<words>.*?)</p>', re.DOTALL)
_DOCUMENT = re.compile(r"\b(?:INV|CN)-\d+\b")


@dataclass(frozen=True)
class Shown:
    """What a learner's page shows: how it stands, documents, questions with their answers."""

    standing: str
    documents: frozenset[str]
    questions: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass
class Side:
    """A portal, and what was typed of its learners: {learner id: facts}, {learner id: ticked}."""

    at: int
    portal: Portal
    client: Client
    connection: Connection
    typed: dict[int, Facts] = field(default_factory=dict)
    ticked: dict[int, bool] = field(default_factory=dict)
    slots: dict[int, int] = field(default_factory=dict)

    @property
    def organisation_id(self) -> int:
        """Return our id of the organisation, as this portal has it."""
        assert self.connection.organisation_id is not None
        return self.connection.organisation_id

    def save(self, slot: int, facts: Facts, *, ticked: bool) -> int | None:
        """Send the learner form; return the learner's id, None where the form is refused."""
        known = self.slots.get(slot)
        typed = {
            "number": facts.number,
            "given_name": facts.given,
            "family_name": facts.family,
            "email": facts.email,
            "mobile": f"0400 000 0{self.at}{slot}",
            "country": "Australia",
            **({"sync_to_xero": "on"} if ticked else {}),
        }
        address = f"/learners/{known}/edit/" if known else "/learners/new/"
        answer = self.client.post(address, typed)
        assert answer.status_code in (302, 422), answer.status_code
        if answer.status_code == 422:
            return None
        learner_id = known or self.portal.learners.get(number=facts.number).pk
        self.slots[slot] = learner_id
        self.typed[learner_id], self.ticked[learner_id] = facts, ticked
        return learner_id

    def shown(self, learner_id: int) -> Shown:
        """Open the page of a learner's documents and read it."""
        answer = self.client.get(f"/learners/{learner_id}/xero-invoices/")
        assert answer.status_code == 200
        main = answer.content.decode().partition("<main")[2]
        questions = tuple(
            (form["contact"], tuple(re.findall(r'name="answer" value="(\w+)"', form[0])))
            for form in _FORM.finditer(main)
        )
        standing = _STANDING.search(main)
        assert standing, f"The page of learner {learner_id} does not say how it stands"
        return Shown(
            _words(standing["words"]), frozenset(_DOCUMENT.findall(_words(main))), questions
        )

    def answer(self, learner_id: int, contact_id: str, says: str) -> bool:
        """Press a button; return whether the answer was taken."""
        address = f"/learners/{learner_id}/xero-contact/{contact_id}/"
        answer = self.client.post(address, {"answer": says}, follow=True)
        return ANSWERED_MEANWHILE not in answer.content.decode()


def in_xero_as(name: str) -> str:
    """Return how a page begins to say that a learner is in Xero under a name."""
    return f"{IN_XERO} As {' '.join(name.split())} in "


def _words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def connected(world: SimulatorClient, *, at: int, tenant: str = "") -> Side:
    """Make a portal and connect it to the first organisation, as a person does.

    :param tenant: the organisation, where another portal is connected to it already.
    """
    portal = builders.make_portal()
    manager = builders.make_user(portal, portal_admin=True, accounts=True)
    browser = xero.Browser(world, manager)
    browser.connect()
    if tenant:
        browser.post(xero.CHOOSE, organisation=tenant, confirmed="yes")
    return Side(at, portal, browser.client, browser.connection)
