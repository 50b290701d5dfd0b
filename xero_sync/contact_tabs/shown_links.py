"""Linking two whom a page showed side by side: a suggestion, or what a search found.

It is looked at once more within the lock, before anything is linked: whether the two are suggested
still, and are what somebody saw. Whoever presses *Yes, same person* has looked at the two. Whoever
accepts what is suggested for many rows has not looked at others who are alike, so of those nobody
is linked: neither one of two namesakes, nor a second contact to whoever has one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLink
from lrm.models import Learner, User
from xero_sync.contact_tabs import seen_marks, sides, suggestions
from xero_sync.contact_tabs.suggestions import Suggestion
from xero_sync.contact_tabs.tabs import Key
from xero_sync.contacts import link_acts
from xero_sync.store import contact_links
from xero_sync.store.link_decisions import NotPossible

ANSWERED = "It was answered already, or has changed since the page was opened."
_NOTHING = "Nothing is suggested for it. Find the other side by search."
_SEVERAL = "More than one is suggested for it. Choose one of them."
_ALIKE = "More than one fits, here or in Xero. Press “Yes, same person” on the right one."
_HAS_ONE = (
    "The learner has a contact already. Press “Yes, same person” where this one is theirs as well."
)
_LATER = "What is suggested for it came after this was asked for. Look at it first."


class NotShown(NotPossible):
    """The two are not, or not any more, what was to be linked; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who asks for links, where, and on the ground of what."""

    organisation: Organisation
    by: User
    # What was shown of rows and pairs, by their keys; empty where that is not known.
    seen: Mapping[str, str] = field(default_factory=dict)
    # When all that match were asked for: what came later, nobody meant.
    at: datetime | None = None


def accept(row: Key, pair: Key | None, *, asked: Asked, now: datetime) -> None:
    """Link what is suggested for a row, in the caller's transaction.

    :param row: its key, of a learner or of a contact.
    :param pair: the suggestion that somebody has chosen; None for the only one.
    :raises NotPossible: in words for the person who asked.
    """
    contact_links.hold([asked.organisation.tenant_id])
    found = suggestions.of_row(asked.organisation, row)
    chosen = _only(row, found, asked) if pair is None else _chosen(pair, found, asked)
    if _links_of_contact(chosen, asked.organisation).exists():
        raise NotShown(ANSWERED)
    _link(chosen, asked, now)


def link_found(pair: Key, *, asked: Asked, now: datetime) -> None:
    """Link two who were found by search, in the caller's transaction.

    :raises NotPossible: in words for the person who asked.
    """
    contact_links.hold([asked.organisation.tenant_id])
    seen = asked.seen.get(str(pair))
    if seen and seen != _mark_of_found(pair, asked.organisation):
        raise NotShown(ANSWERED)
    _link(pair, asked, now)


def _only(row: Key, found: list[Suggestion], asked: Asked) -> Key:
    """Return the one pair that is suggested for a row, where it is the only one for its other side.

    :raises NotShown: it is not, or not what was seen.
    """
    seen = asked.seen.get(str(row))
    if seen and seen != seen_marks.of_row(each.about for each in found):
        raise NotShown(ANSWERED)
    if len(found) != 1:
        raise NotShown(_SEVERAL if found else _NOTHING)
    pair = found[0].key
    if asked.at and _is_later(pair, asked.organisation, asked.at):
        raise NotShown(_LATER)
    other_side = Key(None, pair.contact_id) if row.learner_id else Key(pair.learner_id)
    alike = suggestions.of_row(asked.organisation, other_side)
    if any(each.key != pair for each in alike):
        raise NotShown(_ALIKE)
    links = ContactLink.objects.filter(organisation=asked.organisation)
    if links.filter(learner_id=pair.learner_id or 0).exists():
        raise NotShown(_HAS_ONE)
    return pair


def _chosen(pair: Key, found: list[Suggestion], asked: Asked) -> Key:
    """Return a pair that somebody has chosen.

    :raises NotShown: it is not suggested any more, or not what was seen.
    """
    still = next((each for each in found if each.key == pair), None)
    seen = asked.seen.get(str(pair))
    if still is None or (seen and seen != still.about):
        raise NotShown(ANSWERED)
    return pair


def _is_later(pair: Key, organisation: Organisation, at: datetime) -> bool:
    """Return whether either side was not here yet."""
    learner, contact = _sides(pair, organisation)
    return (learner is not None and learner.created_at > at) or (
        contact is not None and contact.first_synced_at > at
    )


def _mark_of_found(pair: Key, organisation: Organisation) -> str:
    learner, contact = _sides(pair, organisation)
    if learner is None or contact is None:
        return ""
    return seen_marks.of_pair(
        sides.facts_of_learner(learner),
        sides.facts_of_contact(contact),
        linked=_links_of_contact(pair, organisation).values_list("learner_id", flat=True),
    )


def _links_of_contact(pair: Key, organisation: Organisation) -> QuerySet[ContactLink]:
    contact_id = pair.contact_id or UUID(int=0)
    return ContactLink.objects.filter(organisation=organisation, contact_xero_id=contact_id)


def _sides(pair: Key, organisation: Organisation) -> tuple[Learner | None, Contact | None]:
    learners = Learner.objects.filter(portal_id=organisation.portal_id, pk=pair.learner_id or 0)
    contacts = sides.contacts_of(organisation, [pair.contact_id] if pair.contact_id else [])
    return learners.first(), next(iter(contacts.values()), None)


def _link(pair: Key, asked: Asked, now: datetime) -> None:
    learner, contact = _sides(pair, asked.organisation)
    if learner is None or contact is None:
        raise NotShown("It is not here any more.")
    link_acts.link(
        learner=learner,
        organisation=asked.organisation,
        contact_id=contact.xero_id,
        by=asked.by,
        now=now,
    )
