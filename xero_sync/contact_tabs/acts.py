"""What people do on the contacts page, to one row or to many: each by itself, each undoable.

Whatever cannot be done is said in words for the person, and keeps none of the others back. The
deciding is `contacts`' business; every line that it writes into the history of a pair says who and
when, and all lines of one act carry the same moment, by which the act is undone as a whole.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLink, ContactLinkChange, LinkChange, LinkSource
from lrm.models import Learner, LearnerChange, Portal, User
from xero_sync.contact_tabs import shown_links, sides
from xero_sync.contact_tabs.tabs import Key, LeftOut, Tab
from xero_sync.contacts import link_acts, push_gate, push_queue, questions
from xero_sync.store import contact_links
from xero_sync.store.link_decisions import NotPossible


class Act(StrEnum):
    """What a person does, by the value of its button."""

    ACCEPT = "accept"
    REJECT = "reject"
    UNLINK = "unlink"
    RETRY = "retry"
    RELEASE = "release"


# What can be done to many rows of a tab at once.
OF_MANY: dict[Tab | LeftOut, tuple[Act, ...]] = {
    Tab.LINKED: (Act.UNLINK,),
    Tab.QUESTIONS: (Act.ACCEPT, Act.REJECT),
    Tab.WITHOUT_CONTACT: (Act.RETRY, Act.ACCEPT),
    Tab.NO_LEARNER: (Act.ACCEPT,),
    Tab.REFUSED: (Act.RETRY,),
}


_WRITTEN = (
    "Xero has the learner's name and number on that contact already. Unlink it on the tab Linked, "
    "and give the contact its own name and number back in Xero."
)


class NotDone(Exception):
    """An act that cannot be done to a row; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, where, and from which tab."""

    portal: Portal
    organisation: Organisation
    tab: Tab | LeftOut
    by: User
    # What the rows of a page were about when it was shown, by their keys.
    seen: Mapping[str, str] = field(default_factory=dict)
    # When all that match were asked for, where that was before.
    asked_at: datetime | None = None

    @property
    def asked(self) -> shown_links.Asked:
        """What is asked for where two are to be linked."""
        return shown_links.Asked(
            organisation=self.organisation, by=self.by, seen=self.seen, at=self.asked_at
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """A row to which the act could not be done: who that is, and why."""

    name: str
    reason: str


@dataclass(slots=True)
class Outcome:
    """What became of an act: how many rows it changed, and why it left the others."""

    done: int = 0
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Target:
    key: Key
    learner: Learner | None
    contact: Contact | None

    @property
    def name(self) -> str:
        if self.learner is not None:
            return str(self.learner)
        return self.contact.name if self.contact else "A row that is not here any more"


def do(act: Act, keys: Sequence[Key], *, actor: Actor, now: datetime) -> Outcome:
    """Do something to each of these rows; what goes wrong with one concerns no other."""
    outcome = Outcome()
    for target in _targets(keys, actor):
        try:
            with transaction.atomic():
                _DO[act](target, actor, now)
        except (NotDone, NotPossible) as reason:
            outcome.failures.append(Failure(target.name, str(reason)))
        except questions.NoSuchQuestion:
            outcome.failures.append(Failure(target.name, shown_links.ANSWERED))
        else:
            outcome.done += 1
    return outcome


def undo(lines: Sequence[ContactLinkChange], *, by: User, now: datetime) -> Outcome:
    """Undo lines of the history, newest first; each while it is the newest of its two."""
    outcome = Outcome()
    for line in sorted(lines, key=lambda line: line.pk, reverse=True):
        try:
            link_acts.undo(change_id=line.pk, by=by, now=now)
        except NotPossible as reason:
            words = _WRITTEN if _is_written(line) else str(reason)
            outcome.failures.append(Failure(str(line.learner), words))
        else:
            outcome.done += 1
    return outcome


def _is_written(line: ContactLinkChange) -> bool:
    """Return whether the learner's details were written to the contact because of a yes."""
    written = ContactLink.objects.filter(
        organisation_id=line.organisation_id,
        learner_id=line.learner_id,
        contact_xero_id=line.contact_xero_id,
        source=LinkSource.PUSHED,
    )
    return line.change == LinkChange.MADE and written.exists()


def lines_of(organisation: Organisation, *, by: User, at: datetime) -> list[ContactLinkChange]:
    """Return the lines that an act of a person has written."""
    lines = ContactLinkChange.objects.filter(organisation=organisation, by=by, at=at)
    return list(lines.select_related("learner").order_by("id"))


def line(organisation: Organisation, line_id: int) -> list[ContactLinkChange]:
    """Return a line of the history by its id, nothing where it is not the organisation's."""
    lines = ContactLinkChange.objects.filter(organisation=organisation, pk=line_id)
    return list(lines.select_related("learner"))


def _targets(keys: Sequence[Key], actor: Actor) -> list[_Target]:
    learners = {
        each.pk: each for each in actor.portal.learners.filter(pk__in={k.learner_id for k in keys})
    }
    contacts = sides.contacts_of(
        actor.organisation, {key.contact_id for key in keys if key.contact_id}
    )
    return [
        _Target(
            key,
            learners.get(key.learner_id or 0),
            contacts.get(key.contact_id or UUID(int=0)),
        )
        for key in keys
    ]


def _accept(target: _Target, actor: Actor, now: datetime) -> None:
    """Say yes to a question, or to a suggestion: to the one that was chosen, or the only one."""
    if actor.tab is Tab.QUESTIONS:
        _answer(target, actor, now, is_same_person=True)
        return
    key = target.key
    if not (key.learner_id and key.contact_id):
        shown_links.accept(key, None, asked=actor.asked, now=now)
        return
    # Whose suggestion it was: archived contacts, for one, are suggested for no learner.
    of_contact = actor.tab is Tab.NO_LEARNER
    row = Key(None, key.contact_id) if of_contact else Key(key.learner_id)
    shown_links.accept(row, key, asked=actor.asked, now=now)


def _reject(target: _Target, actor: Actor, now: datetime) -> None:
    if actor.tab is Tab.QUESTIONS:
        _answer(target, actor, now, is_same_person=False)
    else:
        _unlink(target, actor, now)


def _answer(target: _Target, actor: Actor, now: datetime, *, is_same_person: bool) -> None:
    learner, contact = _both(target)
    questions.answer(
        learner=learner,
        organisation=actor.organisation,
        contact_id=contact.xero_id,
        is_same_person=is_same_person,
        by=actor.by,
        now=now,
        seen=actor.seen.get(str(Key(learner.pk, contact.xero_id)), ""),
    )


def _unlink(target: _Target, actor: Actor, now: datetime) -> None:
    learner, contact = _both(target)
    link_acts.unlink(
        learner=learner,
        organisation=actor.organisation,
        contact_id=contact.xero_id,
        by=actor.by,
        now=now,
    )


def _retry(target: _Target, actor: Actor, now: datetime) -> None:
    """Send a learner again, as saving it does."""
    learner = target.learner
    if learner is None:
        raise NotDone("It is not here any more.")
    if not learner.sync_to_xero:
        raise NotDone("It is not ticked any more. Tick “Sync to Xero” on the learner.")
    if waiting := push_gate.waiting(actor.organisation):
        raise NotDone(waiting)
    # Before the push, as whoever saves a learner takes them.
    contact_links.hold([actor.organisation.tenant_id])
    LearnerChange.objects.create(
        learner=learner, by=actor.by, at=now, fields=["sent to Xero again"]
    )
    push_queue.request(learner=learner, now=now)


def _release(target: _Target, actor: Actor, now: datetime) -> None:
    if target.contact is None:
        raise NotDone("The contact is not here any more.")
    link_acts.release(
        organisation=actor.organisation, contact_id=target.contact.xero_id, by=actor.by, now=now
    )


def _both(target: _Target) -> tuple[Learner, Contact]:
    if target.learner is None or target.contact is None:
        raise NotDone("It is not here any more.")
    return target.learner, target.contact


_DO: dict[Act, Callable[[_Target, Actor, datetime], None]] = {
    Act.ACCEPT: _accept,
    Act.REJECT: _reject,
    Act.UNLINK: _unlink,
    Act.RETRY: _retry,
    Act.RELEASE: _release,
}
