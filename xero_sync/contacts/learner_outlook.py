"""How a learner stands with Xero, for the card above a learner's tabs.

Where nothing is asked it takes three queries: the portal's connection, the learner's push and last
reading, and the contacts that are linked. The words are for `status.learner_words`.
"""

import enum
import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from connected_apps.models import XERO, Connection, Organisation, State
from connected_apps.states import states
from invoices.models import Contact, ContactLink, LinkSource
from lrm.models import Learner
from xero_sync.contacts import obstacles, questions
from xero_sync.models import ContactPush, LearnerRefresh, PushStart, PushState
from xero_sync.store import identity_facts

_ANSWERING = (State.CONNECTED, State.CONNECTED_WITH_PROBLEMS)
# Which contact a learner is written to, where several are linked.
_RANKS: dict[str, int] = {LinkSource.PUSHED: 0, LinkSource.PERSON: 1, LinkSource.NUMBER: 2}


class Standing(enum.Enum):
    """The one thing to say first of a learner; the value is the pill's word."""

    NOT_CONNECTED = "Xero is not connected"
    BROKEN = "Xero needs reconnecting"
    NOT_TICKED = "Not ticked"
    HELD = "Not started"
    UNSENT = "Not sent yet"
    WAITING = "Waiting"
    QUESTION = "Waiting for an answer"
    REFUSED = "Refused by Xero"
    ARCHIVED = "Archived in Xero"
    IN_XERO = "In Xero"


@dataclass(frozen=True, slots=True)
class LinkedContact:
    """A contact that is the learner, as Xero has it; `pk` is ours."""

    pk: int
    name: str
    is_active: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Outlook:
    """How a learner stands: the connection, the push, the contacts, what is asked, what was read.

    `is_held`: nobody has let this portal's learners go to Xero yet. `problem` says why a push
    waits or was refused, `next_try_at` when it is tried again.
    """

    learner: Learner
    connection: Connection | None
    contacts: tuple[LinkedContact, ...] = ()
    asked: tuple[questions.Question, ...] = ()
    push: ContactPush | None = None
    refresh: LearnerRefresh | None = None
    is_held: bool = False

    @property
    def organisation(self) -> Organisation | None:
        """The organisation whose contacts these are."""
        return self.connection.organisation if self.connection else None

    @property
    def standing(self) -> Standing:
        """What to say first."""
        if not self.learner.sync_to_xero:
            return Standing.NOT_TICKED
        return self._obstacle() or self._of_push()

    def _obstacle(self) -> Standing | None:
        """Return what keeps every learner of the portal from Xero."""
        if self.connection is None or self.organisation is None:
            return Standing.NOT_CONNECTED
        if self.connection.state in states.BROKEN:
            return Standing.BROKEN
        if self.connection.state not in states.LIVE:
            return Standing.NOT_CONNECTED
        return Standing.HELD if self.is_held else None

    def _of_push(self) -> Standing:
        state = self.push.state if self.push else None
        if state in obstacles.OPEN:
            return Standing.WAITING
        if state == PushState.QUESTION:
            return Standing.QUESTION
        if state == PushState.REFUSED:
            return Standing.REFUSED
        if not self.contacts:
            return Standing.UNSENT
        is_active = any(contact.is_active for contact in self.contacts)
        return Standing.IN_XERO if is_active else Standing.ARCHIVED

    @property
    def problem(self) -> str:
        """Why the push waits, or was refused."""
        return self.push.problem if self.push and self.learner.sync_to_xero else ""

    @property
    def is_under_way(self) -> bool:
        """Whether somebody who waits will see more in a moment."""
        is_reading = self.refresh is not None and self.refresh.is_open
        is_live = self.connection is not None and self.connection.state in states.LIVE
        return is_live and (is_reading or self.standing is Standing.WAITING)

    @property
    def may_refresh(self) -> bool:
        """Whether *Sync now* can do anything: ticked, and Xero takes calls."""
        return (
            self.learner.sync_to_xero
            and self.connection is not None
            and self.organisation is not None
            and self.connection.state in _ANSWERING
        )

    @property
    def token(self) -> str:
        """A mark that differs whenever the card would say something else."""
        said = (
            self.standing,
            self.connection and (self.connection.state, self.connection.paused_until),
            self.push and (self.push.state, self.push.problem, self.push.not_before),
            self.refresh
            and (self.refresh.requested_at, self.refresh.finished_at, self.refresh.problem),
            self.contacts,
            [(one.contact.xero_id, one.why, one.is_answered) for one in self.asked],
        )
        return hashlib.blake2b(repr(said).encode(), digest_size=8).hexdigest()


def outlook_of(learner: Learner) -> Outlook:
    """Return how a learner stands with Xero at this moment."""
    connection = _connections(learner).first()
    if connection is None or connection.organisation is None:
        return Outlook(learner, connection)
    organisation = connection.organisation
    known = Learner.objects.select_related("contact_push", "xero_refresh__requested_by")
    rows = known.filter(pk=learner.pk).first()
    push: ContactPush | None = getattr(rows, "contact_push", None)
    refresh: LearnerRefresh | None = getattr(rows, "xero_refresh", None)
    is_stuck = push is not None and push.state in (PushState.QUESTION, PushState.REFUSED)
    asked = []
    if connection.has_number or connection.has_merged or (is_stuck and learner.sync_to_xero):
        asked = questions.of_learner(learner=learner, organisation=organisation)
    return Outlook(
        learner,
        connection,
        contacts=_contacts(learner, organisation),
        asked=tuple(asked),
        push=push,
        # What another organisation had says nothing of this one.
        is_held=not connection.is_started,
        refresh=refresh if refresh and refresh.organisation_id == organisation.pk else None,
    )


def _connections(learner: Learner) -> QuerySet[Any]:
    """Return the portal's connection, with whether there may be a question.

    There may, where a stranger has the number, or a contact of the learner was merged.
    """
    links = ContactLink.objects.filter(
        learner=learner,
        organisation=OuterRef("organisation"),
        contact_xero_id=OuterRef("xero_id"),
    )
    strangers = Contact.objects.filter(
        ~Exists(links),
        organisation=OuterRef("organisation"),
        contact_number=learner.number,
        status=identity_facts.ACTIVE,
    )
    merged = Contact.objects.filter(
        Exists(links),
        organisation=OuterRef("organisation"),
        merged_to_xero_id__isnull=False,
    )
    started = PushStart.objects.filter(organisation=OuterRef("organisation"))
    return (
        Connection.objects.filter(portal_id=learner.portal_id, app=XERO)
        .select_related("organisation")
        .annotate(
            has_number=Exists(strangers),
            has_merged=Exists(merged),
            is_started=Exists(started),
        )
    )


def _contacts(learner: Learner, organisation: Organisation) -> tuple[LinkedContact, ...]:
    """Return the contacts that are the learner, first the one that is written to."""
    mirrored = Contact.objects.filter(
        organisation=organisation, xero_id=OuterRef("contact_xero_id")
    )
    links = ContactLink.objects.filter(learner=learner, organisation=organisation).annotate(
        pk_here=Subquery(mirrored.values("pk")[:1]),
        name=Subquery(mirrored.values("name")[:1]),
        status=Subquery(mirrored.values("status")[:1]),
    )
    found = [
        (
            _RANKS[link.source],
            link.pk,
            LinkedContact(link.pk_here, link.name, is_active, link.created_at),
        )
        for link in links
        if link.name is not None
        for is_active in [link.status == identity_facts.ACTIVE]
    ]
    found.sort(key=lambda one: (not one[2].is_active, one[0], one[1]))
    return tuple(contact for _, _, contact in found)
