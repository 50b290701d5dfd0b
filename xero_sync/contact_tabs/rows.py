"""The rows of a page, with both sides as people compare them; a few queries however many rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLink, ContactLinkChange
from invoices.rules import identity
from lrm.models import Learner, Portal
from xero_sync.contact_tabs import (
    asked_pairs,
    comparison,
    holds,
    reasons,
    seen_marks,
    sides,
    suggestions,
)
from xero_sync.contact_tabs.figures import Figures, figures_of
from xero_sync.contact_tabs.suggestions import Suggestion
from xero_sync.contact_tabs.tabs import Key, LeftOut, Tab
from xero_sync.contacts import push_gate, questions
from xero_sync.models import ContactPush

_SUGGEST_LEARNERS = (Tab.NO_LEARNER,)
_SUGGEST_CONTACTS = (Tab.WITHOUT_CONTACT,)
_LEFT_OUT_WHY = {
    LeftOut.LEARNERS: "Not ticked “Sync to Xero”, so nothing is sent.",
    LeftOut.SUPPLIERS: "A supplier and no customer, so it has no documents of learners.",
    LeftOut.ARCHIVED: "Archived in Xero, without documents: nobody can be sent to it.",
}


@dataclass(slots=True)
class Row:
    """A key, both sides of it, and why it is here."""

    key: Key
    learner: Learner | None = None
    contact: Contact | None = None
    lines: list[comparison.Line] = field(default_factory=list)
    figures: Figures | None = None
    look: str = ""
    reason: str = ""
    # Who linked the two, or what was said of them last.
    change: ContactLinkChange | None = None
    others: list[str] = field(default_factory=list)
    suggestions: list[Suggestion] = field(default_factory=list)
    # What a question, a pair or the suggestions are about: an act is good for what was seen.
    about: str = ""
    is_pending: bool = False
    is_held: bool = False
    may_be_released: bool = False

    def hide_contact(self) -> None:
        """Say nothing of a contact that is another portal's."""
        self.contact, self.figures, self.lines, self.suggestions = None, None, [], []

    @property
    def agrees(self) -> bool:
        """Whether number, name and e-mail are the same on both sides, letter by letter."""
        same = comparison.SAME, comparison.NOWHERE
        return bool(self.lines) and all(line.words in same for line in self.lines)

    @property
    def learner_key(self) -> Key:
        """The key of the learner alone."""
        return Key(self.key.learner_id)

    @property
    def contact_key(self) -> Key:
        """The key of the contact alone."""
        return Key(None, self.key.contact_id)

    @property
    def title(self) -> str:
        """Who the row is about."""
        if self.learner is not None:
            return str(self.learner)
        if self.is_held and self.contact is None:
            return "A contact of another portal's learner"
        return self.contact.name if self.contact else "A contact that is not here any more"


def rows_of(
    keys: Sequence[Key], *, portal: Portal, organisation: Organisation | None, tab: Tab | LeftOut
) -> list[Row]:
    """Return a row for each key, in their order; those that are over meanwhile are left out."""
    pushes = _pushes(portal, keys) if tab in (Tab.WITHOUT_CONTACT, Tab.REFUSED) else {}
    if tab is Tab.REFUSED:
        # What was in the way is part of the row.
        keys = [_with_candidate(key, pushes) for key in keys]
    learners = {
        each.pk: each for each in portal.learners.filter(pk__in=[key.learner_id for key in keys])
    }
    contacts = sides.contacts_of(organisation, [key.contact_id for key in keys if key.contact_id])
    rows = [
        Row(
            key,
            learners.get(key.learner_id or 0),
            contacts.get(key.contact_id) if key.contact_id else None,
        )
        for key in keys
    ]
    rows = [row for row in rows if row.learner is not None or row.contact is not None]
    for row in rows:
        if row.contact is None and row.learner is not None:
            row.key = Key(row.learner.pk)
        row.lines = _lines(row)
    if tab in (Tab.WITHOUT_CONTACT, Tab.REFUSED):
        _tell_of_pushes(rows, pushes, waiting=push_gate.waiting(organisation))
    if isinstance(tab, LeftOut):
        for row in rows:
            row.reason = _LEFT_OUT_WHY[tab]
    return _with_organisation(rows, organisation, tab) if organisation else rows


def _with_organisation(
    rows: list[Row], organisation: Organisation, tab: Tab | LeftOut
) -> list[Row]:
    contact_ids = [row.contact.xero_id for row in rows if row.contact]
    if contact_ids:
        found = figures_of(organisation, contact_ids)
        for row in rows:
            row.figures = found[row.contact.xero_id] if row.contact else None
    if tab is Tab.QUESTIONS:
        return _asked(rows, organisation)
    if tab is Tab.LINKED:
        _tell_of_links(rows, organisation)
    _suggest(rows, organisation, tab)
    if tab in (Tab.NO_LEARNER, Tab.REFUSED) and contact_ids:
        _tell_of_holds(rows, organisation, contact_ids, is_of_learners=tab is Tab.REFUSED)
    return rows


def _asked(rows: list[Row], organisation: Organisation) -> list[Row]:
    """Return the rows that are asked about at this moment, each with the reason."""
    pairs = [(row.learner, row.contact) for row in rows if row.learner and row.contact]
    why = asked_pairs.why_asked(organisation, pairs)
    shown = []
    for row in rows:
        reason = why.get(row.key)
        if reason is None or row.learner is None or row.contact is None:
            continue
        row.look, row.about = "warn", questions.about(row.learner, row.contact)
        row.reason = reasons.of_question(
            reason, sides.facts_of_learner(row.learner), sides.facts_of_contact(row.contact)
        )
        if reason is identity.Why.MERGED_PORTAL:
            row.hide_contact()
        shown.append(row)
    return shown


def _tell_of_holds(
    rows: list[Row],
    organisation: Organisation,
    contact_ids: Sequence[UUID],
    *,
    is_of_learners: bool,
) -> None:
    """Say which contacts are another portal's, and nothing else of them.

    But for those that nobody there can want any more: who is to lift a hold sees on what.
    """
    held = holds.of_other_portals(organisation, contact_ids)
    hidden = holds.not_to_be_seen(organisation, contact_ids)
    for row in rows:
        contact_id = row.contact.xero_id if row.contact else None
        if contact_id is None or not (contact_id in held or contact_id in hidden):
            continue
        row.is_held, row.may_be_released = True, held.get(contact_id, False)
        if is_of_learners or contact_id in hidden:
            row.hide_contact()


def _tell_of_links(rows: list[Row], organisation: Organisation) -> None:
    """Say who linked the two and why, and who else has the contact."""
    changes = latest_changes(organisation, [row.key for row in rows])
    contact_ids = [row.key.contact_id for row in rows if row.key.contact_id]
    links = ContactLink.objects.filter(
        organisation=organisation, contact_xero_id__in=contact_ids
    ).select_related("learner")
    by_contact: dict[UUID, list[ContactLink]] = defaultdict(list)
    for link in links.order_by("learner__number"):
        by_contact[link.contact_xero_id].append(link)
    for row in rows:
        row.change = changes.get(row.key)
        for link in by_contact[row.key.contact_id or UUID(int=0)]:
            if link.learner_id == row.key.learner_id:
                row.reason = reasons.of_link(link)
            else:
                row.others.append(str(link.learner))
        if row.learner and row.contact:
            row.about = seen_marks.of_pair(
                sides.facts_of_learner(row.learner),
                sides.facts_of_contact(row.contact),
                linked=[link.learner_id for link in by_contact[row.contact.xero_id]],
            )


def latest_changes(organisation: Organisation, keys: Iterable[Key]) -> dict[Key, ContactLinkChange]:
    """Return the newest line of the history of each pair."""
    changes = (
        ContactLinkChange.objects.filter(
            organisation=organisation, learner_id__in={key.learner_id for key in keys}
        )
        .order_by("learner_id", "contact_xero_id", "-at", "-id")
        .distinct("learner_id", "contact_xero_id")
    )
    return {Key(change.learner_id, change.contact_xero_id): change for change in changes}


def _suggest(rows: list[Row], organisation: Organisation, tab: Tab | LeftOut) -> None:
    if tab in _SUGGEST_LEARNERS:
        contacts = {
            row.contact.xero_id: sides.facts_of_contact(row.contact) for row in rows if row.contact
        }
        for_contacts = suggestions.for_contacts(organisation, contacts)
        for row in rows:
            row.suggestions = for_contacts.get(row.key.contact_id or UUID(int=0), [])
    if tab in _SUGGEST_CONTACTS:
        learners = {
            row.learner.pk: sides.facts_of_learner(row.learner) for row in rows if row.learner
        }
        for_learners = suggestions.for_learners(organisation, learners)
        for row in rows:
            row.suggestions = for_learners.get(row.key.learner_id or 0, [])
    if tab in (*_SUGGEST_LEARNERS, *_SUGGEST_CONTACTS):
        for row in rows:
            row.about = seen_marks.of_row(each.about for each in row.suggestions)


def _tell_of_pushes(rows: list[Row], pushes: dict[int, ContactPush], *, waiting: str) -> None:
    for row in rows:
        push = pushes.get(row.key.learner_id or 0)
        row.look, row.reason = reasons.of_push(push, waiting=waiting)
        row.is_pending = row.look == "busy" or bool(waiting)


def _pushes(portal: Portal, keys: Iterable[Key]) -> dict[int, ContactPush]:
    pushes = ContactPush.objects.filter(
        learner__portal=portal, learner_id__in=[key.learner_id for key in keys]
    )
    return {push.learner_id: push for push in pushes}


def _with_candidate(key: Key, pushes: dict[int, ContactPush]) -> Key:
    push = pushes.get(key.learner_id or 0)
    return Key(key.learner_id, push.candidate_xero_id if push else None)


def _lines(row: Row) -> list[comparison.Line]:
    if row.learner is None or row.contact is None:
        return []
    return comparison.lines_of(
        sides.facts_of_learner(row.learner), sides.facts_of_contact(row.contact)
    )
