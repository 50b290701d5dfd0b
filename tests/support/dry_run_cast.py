"""Learners and contacts in every constellation that a start may find, and what it then does.

For tests that hold what the dry run foretells against what the pushes do, learner by learner, and
against Xero's books.
"""

from typing import Any

from invoices.models import Contact
from lrm.models import Learner
from tests.support.learners import save
from tests.support.linked import Linked, clock
from xero_sync.contacts import dry_run, push_queue, push_start, questions
from xero_sync.contacts.dry_run import Fate
from xero_sync.models import ContactPush

MOST_TURNS = 6
ENDS = {
    Fate.SAME: "DONE",
    Fate.CHANGED: "DONE",
    Fate.CREATED: "DONE",
    Fate.ASKED: "QUESTION",
    Fate.CLASH: "PARKED",
}


class Cast:
    """Learners and contacts in every constellation that a first connection may find."""

    def __init__(self, linked: Linked) -> None:
        self.linked = linked
        self.expected: dict[int, tuple[Fate, str]] = {}
        self.contacts: dict[int, str] = {}
        self.names: dict[int, str] = {}
        self._numbers = iter(range(900_001, 900_999))

    def contact(self, **values: Any) -> str:
        """Make a contact in Xero's own pages."""
        return str(
            self.linked.world.do("contacts", tenant=self.linked.tenant, act="create", **values)[
                "id"
            ]
        )

    def archive(self, contact_id: str) -> str:
        """Archive one there."""
        self.linked.world.do("contacts", tenant=self.linked.tenant, act="archive", id=contact_id)
        return contact_id

    def learner(
        self,
        what: str,
        fate: Fate,
        *,
        contact: dict[str, Any] | None = None,
        archived: bool = False,
        **details: Any,
    ) -> Learner:
        """Save a ticked learner, and a contact with what is given of the learner."""
        number = details.pop("number", f"L{next(self._numbers)}")
        full = {
            "number": number,
            "given_name": "Made",
            "family_name": f"Up {number}",
            "email": f"{number}@example.com",
            **details,
        }
        learner = save(self.linked, mobile="", **full)
        self.expected[learner.pk] = (fate, what)
        if contact is not None:
            theirs = {name: learner_value(learner, value) for name, value in contact.items()}
            self.contacts[learner.pk] = self.contact(**theirs)
            if archived:
                self.archive(self.contacts[learner.pk])
        return learner


def learner_value(learner: Learner, value: str) -> str:
    """Return what a contact has of a learner, or of nobody."""
    return value.format(number=learner.number, name=learner.full_name, email=learner.email)


ALL = {"name": "{name}", "number": "{number}", "email": "{email}"}


def say(cast: Cast, learner: Learner, contact_id: str, *, yes: bool) -> None:
    """Answer a question."""
    contact = Contact.objects.get(xero_id=contact_id)
    questions.answer(
        learner=learner,
        organisation=cast.linked.organisation,
        contact_id=contact.xero_id,
        is_same_person=yes,
        by=cast.linked.manager,
        now=clock(),
    )


def push_all(linked: Linked) -> None:
    """Let workers take turns until no learner waits, as beat has them do."""
    for _ in range(MOST_TURNS):
        linked.push()
        ContactPush.objects.filter(state__in=push_queue.OPEN).update(not_before=None)


def assert_foretold(cast: Cast, before: dict[str, Any], found: dry_run.DryRun) -> None:
    """Hold what was foretold against what became of the learners and of Xero's books."""
    linked = cast.linked
    ended = dict(ContactPush.objects.values_list("learner", "state"))
    after = {one["contact_id"]: one for one in linked.books()["contacts"]}
    old = {one["contact_id"]: one for one in before["contacts"]}
    made = [one["number"] for pk, one in after.items() if pk not in old]
    for learner in linked.portal.learners.all():
        fate, what = cast.expected[learner.pk]
        assert ended[learner.pk] == ENDS[fate], what
        assert (learner.number in made) == (fate is Fate.CREATED), what
    changed = {pk for pk, one in old.items() if after[pk] != one}
    by_fate = {fate: {str(one.contact_id) for one in found.of(fate)} for fate in Fate}
    # A contact that has all already is written all the same: phones and address may be missing.
    assert changed - by_fate[Fate.SAME] == by_fate[Fate.CHANGED]
    for pk in by_fate[Fate.SAME]:
        assert not _lost(old[pk], after[pk])
    for one in found.of(Fate.CHANGED):
        lost = _lost(old[str(one.contact_id)], after[str(one.contact_id)])
        assert set(lost) == set(one.changes), one


def _lost(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Return, in people's words, what a contact of Xero's books had and has no more."""
    plain = {
        "name": "name",
        "number": "number",
        "email": "e-mail",
        "given_name": "given name",
        "family_name": "family name",
    }
    lost = [words for one, words in plain.items() if before[one] and before[one] != after[one]]
    for parts, words in (("phones", "phone"), ("addresses", "address")):
        now = {each["kind"]: each for each in after[parts]}
        if any(
            value and now.get(each["kind"], {}).get(name) != value
            for each in before[parts]
            for name, value in each.items()
        ):
            lost.append(words)
    return lost


def assert_same_as_expected(cast: Cast, found: dry_run.DryRun) -> None:
    """Hold what was foretold against what a test expects of each learner."""
    foretold = {one.learner_id: one for one in found.outcomes}
    assert {
        pk: (foretold[pk].fate, what) for pk, (_, what) in cast.expected.items()
    } == cast.expected


def foretell_and_start(cast: Cast) -> dry_run.DryRun:
    """Look at the dry run, start, let the workers work, and hold the one against the other."""
    linked = cast.linked
    before = linked.books()
    found = dry_run.run(organisation=linked.organisation)
    assert_same_as_expected(cast, found)
    assert linked.books()["contacts"] == before["contacts"]
    push_start.start(
        portal=linked.portal, organisation_id=linked.organisation.pk, by=linked.manager, now=clock()
    )
    push_all(linked)
    assert_foretold(cast, before, found)
    return found
