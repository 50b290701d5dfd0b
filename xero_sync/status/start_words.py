"""What the dry run found, in words, with a few examples of each group."""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from connected_apps.models import Organisation
from invoices.models import Contact
from invoices.rules.identity import Why
from lrm.models import Learner
from xero_sync.contacts import push_queue
from xero_sync.contacts.dry_run import DryRun, Fate, Outcome

MOST_SHOWN = 5
# Contacts that are looked at in one call before they are written over for the first time.
_LOOKED_AT = 40

_WHY: dict[Why, str] = {
    Why.NUMBER_ALONE: "Has the number, but another name and e-mail address.",
    Why.SHARED_EMAIL: (
        "Has the number and the e-mail address, but another name, and somebody else has that "
        "address too."
    ),
    Why.SAME_NAME: "Has the name, but not the number.",
    Why.OTHER_PORTAL: (
        "The number is taken by a contact of another portal that uses the same organisation."
    ),
    Why.OTHER_LEARNER: "Is kept for another learner; a contact follows one learner only.",
    Why.REJECTED: "Has the number, and somebody said that it is somebody else.",
    Why.NOT_ACTIVE: "Is archived in Xero, and keeps the number.",
    Why.ARCHIVED: "Is the learner's contact, and is archived in Xero, which takes no change of it.",
    Why.ERASED: "Its person asked to be forgotten, and it keeps the number.",
    Why.MERGED: (
        "Somebody merged the learner's contact into this one in Xero, but neither name nor e-mail "
        "address agrees."
    ),
    Why.MERGED_OTHER: (
        "Somebody merged the learner's contact into this one in Xero, which belongs to another "
        "learner, or has the number of one."
    ),
    Why.MERGED_PORTAL: (
        "Somebody merged the learner's contact in Xero into one of a learner of another portal."
    ),
}
_HAS_NUMBER = "Has the number already."


@dataclass(frozen=True)
class Example:
    """One learner of a group, and the contact that it is about, where there is one to show."""

    learner: Learner
    contact: Contact | None
    why: str


@dataclass(frozen=True)
class Group:
    """The learners who share a fate."""

    key: str
    title: str
    look: str
    explanation: str
    next_step: str
    count: int
    examples: list[Example]

    @property
    def further(self) -> int:
        """How many are not shown."""
        return self.count - len(self.examples)


@dataclass(frozen=True)
class _Words:
    fates: tuple[Fate, ...]
    title: str
    look: str
    explanation: str
    next_step: str = ""


# First what a person may want to look at before the start.
_GROUPS: dict[str, _Words] = {
    "asked": _Words(
        (Fate.ASKED,),
        "You would be asked",
        "warn",
        "Xero has a contact that may be the learner, and may be somebody else.",
        "Nothing is sent for these until somebody answers, on the learner's page or on Contacts in "
        "Xero. Where you know already, correct the number, name or e-mail address here or in Xero "
        "now.",
    ),
    "clash": _Words(
        (Fate.CLASH,),
        "Would not reach Xero",
        "bad",
        "Something stands in the way that only a change here or in Xero removes.",
        "Give the learner another number, or restore or renumber the contact in Xero. Nobody else "
        "is held up by these.",
    ),
    "changed": _Words(
        (Fate.CHANGED,),
        "Linked, and their contact would change",
        "busy",
        "Xero has their contact, with other details than are here. It takes those of the learner.",
    ),
    "same": _Words(
        (Fate.SAME,),
        "Linked already",
        "ok",
        "Xero has their contact as it is here. Only what is missing there is added, such as an "
        "address.",
    ),
    "created": _Words(
        (Fate.CREATED,),
        "New contacts",
        "busy",
        "Xero has nobody with their number. A contact is made for each; where another contact has "
        "the same name, the learner number is added to it.",
    ),
}


def groups(organisation: Organisation, found: DryRun) -> list[Group]:
    """Return the groups in the order in which a person looks at them, with examples."""
    chosen = {key: found.of(*words.fates) for key, words in _GROUPS.items()}
    shown = [one for some in chosen.values() for one in some[:MOST_SHOWN]]
    learners = organisation.portal.learners.in_bulk([one.learner_id for one in shown])
    contacts = _contacts(organisation, shown)
    return [
        Group(
            key=key,
            title=words.title,
            look=words.look,
            explanation=f"{words.explanation}{_tally(chosen[key])}",
            next_step=words.next_step,
            count=len(chosen[key]),
            examples=[
                Example(learners[one.learner_id], contacts.get(one.contact_id), _why(one))
                for one in chosen[key][:MOST_SHOWN]
                if one.learner_id in learners
            ],
        )
        for key, words in _GROUPS.items()
    ]


def _tally(outcomes: Iterable[Outcome]) -> str:
    """Return of how many contacts what would be replaced, as a sentence of its own."""
    counts = Counter(words for one in outcomes for words in one.changes)
    parts = [f"the {words} of {count:,}" for words, count in counts.most_common()]
    return f" That replaces {', '.join(parts)}." if parts else ""


def _why(outcome: Outcome) -> str:
    if outcome.changes:
        return f"Would be replaced: {', '.join(outcome.changes)}."
    return _WHY.get(outcome.why, _HAS_NUMBER) if outcome.why else ""


def _contacts(
    organisation: Organisation, outcomes: Iterable[Outcome]
) -> dict[UUID | None, Contact]:
    # The contacts of another portal are not for the eyes of this one.
    theirs = Why.OTHER_PORTAL, Why.MERGED_PORTAL
    wanted = [one.contact_id for one in outcomes if one.why not in theirs]
    rows = Contact.objects.filter(organisation=organisation, xero_id__in=filter(None, wanted))
    return {row.xero_id: row for row in rows.defer("raw", "digest")}


def calls(found: DryRun) -> str:
    """Return how many calls to Xero the start takes at least, and how long, as a sentence."""
    linked = found.count(Fate.SAME, Fate.CHANGED)
    needed = (
        math.ceil(linked / _LOOKED_AT)
        + math.ceil(linked / push_queue.BATCH)
        + math.ceil(found.count(Fate.CREATED, Fate.ASKED) / push_queue.BATCH)
    )
    if not needed:
        return "This takes no call to Xero."
    words = f"This takes about {needed:,} call{'' if needed == 1 else 's'} to Xero"
    minutes = math.ceil(needed / 60)
    if minutes < 2:
        return f"{words}, and a minute or two at most."
    return f"{words}, which allows 60 a minute: about {minutes:,} minutes."


def in_one_sentence(found: DryRun) -> str:
    """Return the figures of a dry run as one sentence, for a notice or a preview."""
    parts = [
        (found.count(Fate.SAME, Fate.CHANGED), "linked to a contact that Xero has"),
        (found.count(Fate.CREATED), "created as a new contact"),
        (found.count(Fate.ASKED), "asked about"),
        (found.count(Fate.CLASH), "not sent, because something stands in the way"),
    ]
    return f"{', '.join(f'{count:,} would be {words}' for count, words in parts if count)}."
