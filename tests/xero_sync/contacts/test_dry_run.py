"""What the dry run foretells is what the pushes then do, learner by learner."""

from typing import Any

import pytest

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


@pytest.fixture
def cast(unstarted: Linked) -> Cast:
    """Set all of them up, in a portal whose contacts are read, and before anybody starts."""
    unstarted.world.do("webhooks", enabled=False)
    cast = Cast(unstarted)
    cast.learner("has all already", Fate.SAME, contact=ALL)
    cast.learner(
        "has no e-mail here", Fate.SAME, contact=ALL | {"email": "k@example.com"}, email=""
    )
    cast.learner("has another e-mail there", Fate.CHANGED, contact=ALL | {"email": "o@example.com"})
    cast.learner("has another name there", Fate.CHANGED, contact=ALL | {"name": "Née Other"})
    cast.learner(
        "spelled otherwise",
        Fate.CHANGED,
        contact=ALL | {"name": "UP {number}, MADE"},
        family_name="Up L900005",
    )
    cast.learner("has nobody", Fate.CREATED)
    cast.learner(
        "only the number", Fate.ASKED, contact={"name": "Ravi Stranger", "number": "{number}"}
    )
    cast.learner("same name, no number", Fate.ASKED, contact={"name": "{name}", "email": "{email}"})
    cast.learner(
        "same name, other number", Fate.ASKED, contact={"name": "{name}", "number": "X-{number}"}
    )
    cast.learner(
        "number is archived",
        Fate.CLASH,
        contact={"name": "Gone Stranger", "number": "{number}"},
        archived=True,
    )
    cast.learner("archived, and the same", Fate.CLASH, contact=ALL, archived=True)
    # Two who share an address with each other, which then says nothing.
    for name in ("Amy", "Bo"):
        cast.learner(
            "a shared e-mail",
            Fate.ASKED,
            contact=ALL | {"name": f"Parent of {name}"},
            given_name=name,
            email="parent@example.com",
        )
    # Two new namesakes, and one whose name a linked contact has.
    for what in ("a new namesake", "another new namesake"):
        cast.learner(what, Fate.CREATED, given_name="Twin", family_name="Made-Up")
    cast.learner(
        "namesake of a linked one", Fate.CREATED, given_name="Made", family_name="Up L900001"
    )
    unstarted.sweep()
    rejected = cast.learner(
        "somebody said no", Fate.CLASH, contact={"name": "Not Them", "number": "{number}"}
    )
    shared = cast.learner(
        "shares a contact, first", Fate.CHANGED, contact={"name": "Employer", "number": "{number}"}
    )
    unstarted.sweep()
    say(cast, rejected, cast.contacts[rejected.pk], yes=False)
    say(cast, shared, cast.contacts[shared.pk], yes=True)
    return cast


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


def test_dry_run_foretells_what_the_pushes_do(cast: Cast) -> None:
    linked = cast.linked
    before = linked.books()["contacts"]
    found = dry_run.run(organisation=linked.organisation)
    foretold = {one.learner_id: one for one in found.outcomes}
    assert {
        pk: (foretold[pk].fate, what) for pk, (_, what) in cast.expected.items()
    } == cast.expected
    assert linked.books()["contacts"] == before

    push_start.start(
        portal=linked.portal, organisation_id=linked.organisation.pk, by=linked.manager, now=clock()
    )
    push_all(linked)

    ended = dict(ContactPush.objects.values_list("learner", "state"))
    after = {one["contact_id"]: one for one in linked.books()["contacts"]}
    old = {one["contact_id"]: one for one in before}
    made = [one["number"] for pk, one in after.items() if pk not in old]
    for learner in linked.portal.learners.all():
        fate, what = cast.expected[learner.pk]
        assert ended[learner.pk] == ENDS[fate], what
        assert (learner.number in made) == (fate is Fate.CREATED), what
    changed = {pk for pk, one in old.items() if after[pk] != one}
    by_fate = {fate: {str(one.contact_id) for one in found.of(fate)} for fate in Fate}
    # A contact that has all already is written all the same: phones and address may be missing.
    assert changed - by_fate[Fate.SAME] == by_fate[Fate.CHANGED]
    named = ("name", "email", "number")
    for pk in by_fate[Fate.SAME]:
        assert [after[pk][one] for one in named] == [old[pk][one] for one in named]
