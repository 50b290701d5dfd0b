"""Learners saved together end as those saved one by one: links, pushes, history and audit.

Two portals begin alike, with contacts that agree with their learners in number, name and e-mail
more or less. The same edits are then saved one by one in one of them, and together, in another
order, in the other.
"""

import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLink, ContactLinkChange
from lrm.models import Learner, LearnerChange, Portal, User
from lrm.roster import learner_batches, learners
from lrm.roster.learner_batches import LearnerRow, Refusal
from tests.support import builders, document_builders
from tests.support.batch_jobs import clock
from xero_sync.models import ContactPush, PushState
from xero_sync.store import contact_links

NAMES = [("Mei", "Kelly"), ("Ravi", "Ito"), ("Zoë", "O'Brien"), ("Ana", "de Souza")]
SHARED = ["parent@example.com", "Employer@example.com"]
LEARNERS, CONTACTS = 9, 14


@dataclass
class World:
    """A portal, connected, with learners and contacts that are known by their place."""

    portal: Portal
    organisation: Organisation
    staff: User
    contacts: list[UUID] = field(default_factory=list)
    learners: list[Learner] = field(default_factory=list)

    def save(self, row: LearnerRow) -> Learner:
        """Save one as the form does: all details, some of them new."""
        there = self.portal.learners.filter(id=row.learner_id or 0).first()
        before = {name: getattr(there, name) for name in learners.DETAIL_FIELDS} if there else {}
        return learners.save_learner(
            portal=self.portal,
            learner=there,
            details=learners.LearnerDetails(**(before | dict(row.values))),
            by=self.staff,
            now=clock(),
        )

    def save_together(self, *rows: LearnerRow) -> list[learner_batches.Saved]:
        return learner_batches.save_learners(
            portal=self.portal, rows=rows, by=self.staff, now=clock()
        )

    def place(self, contact_id: UUID | None) -> int | None:
        return self.contacts.index(contact_id) if contact_id else None


def new_world() -> World:
    portal = builders.make_portal()
    return World(portal, document_builders.make_organisation(portal), builders.make_user(portal))


def build(chance: random.Random) -> World:
    """Make a world; the same chance makes the same world."""
    world = new_world()
    for n in range(CONTACTS):
        given, family = chance.choice(NAMES)
        contact = document_builders.make_contact(
            world.organisation,
            name=chance.choice([f"{given} {family}", f"{family}, {given}", f"Stranger {n}"]),
            number=chance.choice(["", *(f"L{n}" for n in range(LEARNERS + 4))]),
        )
        email = chance.choice(["", f"c{n}@example.com", f"l{n % LEARNERS}@example.com", *SHARED])
        Contact.objects.filter(pk=contact.pk).update(
            email=email, status=chance.choice(["ACTIVE", "ACTIVE", "ARCHIVED"])
        )
        world.contacts.append(contact.xero_id)
    for n in range(LEARNERS):
        world.learners.append(world.save(LearnerRow(values=details(chance, n))))
    for learner in world.learners:
        age(chance, world, learner)
    return world


def details(chance: random.Random, n: int) -> dict[str, Any]:
    given, family = chance.choice(NAMES)
    return {
        "number": f"L{n}",
        "given_name": given,
        "family_name": family,
        "email": chance.choice(["", f"l{n}@example.com", f"L{n}@example.com", *SHARED]),
        "sync_to_xero": chance.random() < 0.7,
    }


def age(chance: random.Random, world: World, learner: Learner) -> None:
    """Let the learner's push be in any state, and perhaps a contact be made for it."""
    states = [PushState.PENDING, PushState.DONE, PushState.QUESTION, PushState.REFUSED]
    state = chance.choice(states)
    done: dict[str, Any] = {} if state == PushState.PENDING else {"contact_xero_id": None}
    ContactPush.objects.filter(learner=learner).update(state=state, **done)
    is_made, at = chance.random() < 0.3, chance.randrange(CONTACTS)
    if is_made:
        with transaction.atomic():
            contact_links.make_own(
                organisation=world.organisation,
                pairs=[(learner.pk, world.contacts[at])],
                now=clock(),
            )


def edits(chance: random.Random, *, share: bool) -> list[tuple[int | None, dict[str, Any]]]:
    """Return edits by the learner's place, None for a new one, that one by one never clash."""
    places = list(range(LEARNERS))
    chance.shuffle(places)
    free = [f"L{n}" for n in range(LEARNERS, LEARNERS + 4)]
    found: list[tuple[int | None, dict[str, Any]]] = []
    for place in places[: chance.randint(2, LEARNERS)]:
        values: dict[str, Any] = {}
        if chance.random() < 0.5 and free:
            # The number before is free for who comes later.
            values["number"] = free.pop(chance.randrange(len(free)))
            free.append(f"L{place}")
        if chance.random() < 0.4:
            values["given_name"], values["family_name"] = chance.choice(NAMES)
        if chance.random() < 0.6:
            own = ["", f"l{place}@example.com", f"new{place}@example.com"]
            values["email"] = chance.choice([*own, *SHARED] if share else own)
        if chance.random() < 0.5:
            values["sync_to_xero"] = chance.random() < 0.6
        found.append((place, values))
    for n in range(chance.randint(0, 2)):
        if free:
            new = details(chance, 100 + n) | {"number": free.pop()}
            found.append((None, new if share else new | {"email": f"fresh{n}@example.com"}))
    return found


def rows_of(world: World, wanted: list[tuple[int | None, dict[str, Any]]]) -> list[LearnerRow]:
    return [
        LearnerRow(
            learner_id=None if place is None else world.learners[place].pk,
            values=values,
        )
        for place, values in wanted
    ]


def state_of(world: World, learner: Learner) -> dict[str, Any]:
    """Return all that is known of a learner, in words that are the same in both worlds."""
    links = ContactLink.objects.filter(learner=learner)
    net: Counter[tuple[int | None, str]] = Counter()
    for line in ContactLinkChange.objects.filter(learner=learner):
        net[world.place(line.contact_xero_id), line.source] += 1 if line.change == "MADE" else -1
    pushes = ContactPush.objects.filter(learner=learner)
    return {
        "details": {name: getattr(learner, name) for name in learners.DETAIL_FIELDS},
        "audit": [
            (change.created, sorted(change.fields))
            for change in LearnerChange.objects.filter(learner=learner).order_by("id")
        ],
        "links": sorted((world.place(x.contact_xero_id), x.source, x.evidence) for x in links),
        "history": {key: count for key, count in net.items() if count},
        "pushes": [
            (push.state, push.version, push.candidate_xero_id, push.candidate_why, push.problem)
            for push in pushes
        ],
        "writes to": [
            (alike(world, links, push.contact_xero_id), push.known_as) for push in pushes
        ],
    }


def alike(world: World, links: Iterable[ContactLink], contact_id: UUID | None) -> list[int | None]:
    """Return the place of a contact, and of those that are as good: among them chance decides."""
    statuses = dict(world.organisation.contacts.values_list("xero_id", "status"))
    worth = {x.contact_xero_id: (x.source, statuses[x.contact_xero_id]) for x in links}
    mine = worth.get(contact_id) if contact_id else None
    as_good = [world.place(each) for each, its in worth.items() if mine and its == mine]
    return sorted(as_good, key=str) or [world.place(contact_id)]


def states_of(world: World) -> dict[str, dict[str, Any]]:
    return {each.number: state_of(world, each) for each in world.portal.learners.order_by("number")}


@pytest.mark.parametrize("seed", range(12))
def test_learners_saved_together_end_as_those_saved_one_by_one(db: None, seed: int) -> None:
    single, together = build(random.Random(seed)), build(random.Random(seed))
    assert states_of(single) == states_of(together)
    chance = random.Random(f"edits {seed}")
    wanted = edits(chance, share=False)

    for row in rows_of(single, wanted):
        single.save(row)
    shuffled = list(wanted)
    chance.shuffle(shuffled)
    results = together.save_together(*rows_of(together, shuffled))

    assert not any(result.refusal for result in results)
    assert states_of(together) == states_of(single)


@pytest.mark.parametrize("seed", range(12))
def test_addresses_shared_in_a_batch_link_whom_they_link_one_by_one(db: None, seed: int) -> None:
    """Where one by one a link is made and ended at once, together it is never made.

    So a push never notes such a contact, which it would have to ask about later.
    """
    single, together = build(random.Random(seed)), build(random.Random(seed))
    wanted = edits(random.Random(f"shared {seed}"), share=True)

    for row in rows_of(single, wanted):
        single.save(row)
    together.save_together(*rows_of(together, wanted))

    one_by_one, at_once = states_of(single), states_of(together)
    for number, state in at_once.items():
        linked = {place for place, _, _ in state["links"]}
        noted = one_by_one[number].pop("writes to")
        assert all(
            mine == theirs or (mine == ([None], None) and theirs[0][0] not in linked)
            for mine, theirs in zip(state.pop("writes to"), noted, strict=True)
        )
        assert state == one_by_one[number]


def named(number: str, family_name: str, **more: Any) -> dict[str, Any]:
    return {"number": number, "given_name": "", "family_name": family_name, **more}


def test_two_learners_swap_their_numbers_in_one_batch(db: None) -> None:
    world = new_world()
    one, two = (
        document_builders.make_contact(world.organisation, name=name, number=number)
        for name, number in (("Mei", "L1"), ("Ravi", "L2"))
    )
    mei = world.save(LearnerRow(values=named("L1", "Mei")))
    ravi = world.save(LearnerRow(values=named("L2", "Ravi")))

    swapped = world.save_together(
        LearnerRow(learner_id=mei.pk, values=named("L2", "Ravi")),
        LearnerRow(learner_id=ravi.pk, values=named("L1", "Mei")),
    )

    assert [result.refusal for result in swapped] == [None, None]
    links = ContactLink.objects.values_list("learner_id", "contact_xero_id")
    assert set(links) == {(mei.pk, two.xero_id), (ravi.pk, one.xero_id)}
    assert dict(world.portal.learners.values_list("id", "number")) == {mei.pk: "L2", ravi.pk: "L1"}


def test_taken_number_is_refused_by_itself_with_all_who_counted_on_it(db: None) -> None:
    world = new_world()
    first, second, third = (
        world.save(LearnerRow(values=named(f"L{n}", f"Nobody {n}"))) for n in (1, 2, 3)
    )

    results = world.save_together(
        # Wants what the second gives up, but the second is refused what the third keeps.
        LearnerRow(learner_id=first.pk, values={"number": "L2"}),
        LearnerRow(learner_id=second.pk, values={"number": "L3"}),
        LearnerRow(learner_id=third.pk, values={"email": "third@example.com"}),
        LearnerRow(values=named("L1", "Wants the first's")),
        LearnerRow(values=named("L9", "Fine")),
        LearnerRow(values=named(" L9 ", "Comes late")),
    )

    taken = Refusal.NUMBER_TAKEN
    assert [result.refusal for result in results] == [taken, taken, None, taken, None, taken]
    numbers = list(world.portal.learners.order_by("id").values_list("number", flat=True))
    assert numbers == ["L1", "L2", "L3", "L9"]
    assert LearnerChange.objects.filter(created=False).count() == 1


def test_learner_that_is_gone_or_another_portals_is_refused_by_itself(db: None) -> None:
    world, other = new_world(), new_world()
    theirs = other.save(LearnerRow(values=named("L1", "Theirs")))
    mine = world.save(LearnerRow(values=named("L1", "Mine")))

    results = world.save_together(
        LearnerRow(learner_id=theirs.pk, values={"family_name": "Stolen"}),
        LearnerRow(learner_id=mine.pk, values={"family_name": "Changed"}),
    )

    theirs.refresh_from_db()
    mine.refresh_from_db()
    assert [result.refusal for result in results] == [Refusal.GONE, None]
    assert (theirs.family_name, mine.family_name) == ("Theirs", "Changed")


def test_learner_that_is_as_before_is_neither_written_nor_told(db: None) -> None:
    world = new_world()
    mei = world.save(LearnerRow(values=named("L1", "Mei", sync_to_xero=True)))
    push = ContactPush.objects.get(learner=mei)

    (result,) = world.save_together(
        LearnerRow(learner_id=mei.pk, values={"family_name": "  Mei ", "sync_to_xero": True})
    )

    assert not result.is_written
    assert mei.changes.count() == 1
    assert ContactPush.objects.get(learner=mei).version == push.version


def test_learner_may_be_in_a_batch_once(db: None) -> None:
    world = new_world()
    mei = world.save(LearnerRow(values=named("L1", "Mei")))

    with pytest.raises(ValueError, match="once"):
        world.save_together(*[LearnerRow(learner_id=mei.pk, values={})] * 2)


@pytest.mark.parametrize(("state", "follows"), [(PushState.PENDING, False), ("PARKED", True)])
def test_push_notes_its_contact_anew_unless_it_is_under_way(
    db: None, state: str, follows: bool
) -> None:
    world = new_world()
    first, second = (
        document_builders.make_contact(world.organisation, name="Mei", number=number)
        for number in ("L1", "L2")
    )
    mei = world.save(LearnerRow(values=named("L1", "Mei", sync_to_xero=True)))
    ContactPush.objects.filter(learner=mei).update(state=state)

    world.save_together(LearnerRow(learner_id=mei.pk, values={"number": "L2"}))

    noted = ContactPush.objects.get(learner=mei).contact_xero_id
    assert noted == (second.xero_id if follows else first.xero_id)
