"""What the dry run foretells of learners who have contacts: merged, archived, shared, erased."""

import pytest

from lrm.models import Learner
from tests.support import builders, xero
from tests.support.dry_run_cast import (
    ALL,
    Cast,
    assert_foretold,
    assert_same_as_expected,
    foretell_and_start,
    push_all,
)
from tests.support.learners import save
from tests.support.linked import Linked, let_learners_go
from tests.support.staff import Staff, make_by_hand, merge, with_contact
from xero_sync.contacts import dry_run
from xero_sync.contacts.dry_run import Fate


@pytest.fixture
def cast(unstarted: Linked) -> Cast:
    unstarted.world.do("webhooks", enabled=False)
    return Cast(unstarted)


def merged(cast: Cast, learner: Learner, *, number: str = "stays", **winner: str) -> str:
    """Merge a learner's contact into one that accounts made by hand."""
    winner_id = make_by_hand(cast.linked, **winner)
    merge(cast.linked, cast.contacts[learner.pk], winner_id, number=number)
    return winner_id


@pytest.mark.parametrize(
    # What becomes of the loser's number is not documented.
    "number",
    ["stays", "moves", "freed"],
)
def test_learner_whose_contact_was_merged_into_one_that_agrees(cast: Cast, number: str) -> None:
    learner = cast.learner("merged, and agrees", Fate.CHANGED, contact=ALL)
    cast.linked.sweep()
    winner = merged(cast, learner, number=number, name="M. Up (Geelong)", email=learner.email)
    cast.linked.sweep()

    found = foretell_and_start(cast)

    assert [str(one.contact_id) for one in found.of(Fate.CHANGED)] == [winner]


def test_learner_whose_contact_was_merged_into_nobody_known_is_asked_about(cast: Cast) -> None:
    learner = cast.learner("merged, nothing agrees", Fate.ASKED, contact=ALL)
    said_yes = cast.learner("merged, and somebody said yes", Fate.CHANGED, contact=ALL)
    said_no = cast.learner("merged, and somebody said no", Fate.CLASH, contact=ALL)
    cast.linked.sweep()
    merged(cast, learner, name="Wattle Builders")
    yes = merged(cast, said_yes, name="Banksia Builders")
    no = merged(cast, said_no, name="Acacia Builders")
    cast.linked.sweep()
    staff = Staff(cast.linked)
    staff.link(said_yes, yes)
    staff.unlink(said_no, no)

    foretell_and_start(cast)


def test_learner_whose_contact_was_merged_into_another_learners(cast: Cast) -> None:
    one = cast.learner("merged into another learner's", Fate.ASKED, contact=ALL)
    other = cast.learner("another's was merged into its own", Fate.SAME, contact=ALL)
    cast.linked.sweep()
    merge(cast.linked, cast.contacts[one.pk], cast.contacts[other.pk])
    cast.linked.sweep()

    foretell_and_start(cast)


def test_learner_whose_contact_was_merged_into_another_portals(unstarted: Linked) -> None:
    unstarted.world.do("webhooks", enabled=False)
    portal = builders.make_portal("Saltbush Institute")
    manager = builders.make_user(portal, portal_admin=True)
    browser = xero.Browser(unstarted.world, manager)
    browser.connect()
    browser.post(xero.CHOOSE, organisation=unstarted.tenant, confirmed="yes")
    other = Linked(unstarted.world, portal, manager, browser.connection)
    let_learners_go(other.organisation)
    theirs = save(other, number="S1", given_name="Sal", family_name="Bush", email="s@example.com")
    other.push()
    winner = next(one for one in other.books()["contacts"] if one["number"] == theirs.number)
    cast = Cast(unstarted)
    learner = cast.learner("merged into another portal's", Fate.ASKED, contact=ALL)
    unstarted.sweep()
    merge(unstarted, cast.contacts[learner.pk], winner["contact_id"])
    for one in (unstarted, other):
        one.sweep()

    foretell_and_start(cast)


def test_learner_whose_own_contact_is_archived(cast: Cast) -> None:
    archived = cast.learner("its own is archived", Fate.CLASH, contact=ALL)
    erased = cast.learner("its own is erased", Fate.CLASH, contact=ALL)
    replaced = cast.learner("its own is archived, and it has another", Fate.CHANGED, contact=ALL)
    unnumbered = cast.learner("the number of another is archived", Fate.CLASH)
    cast.linked.sweep()
    for learner in (archived, replaced):
        cast.archive(cast.contacts[learner.pk])
    cast.linked.world.do(
        "contacts", tenant=cast.linked.tenant, act="erase", id=cast.contacts[erased.pk]
    )
    kept = cast.contact(name="Gone Stranger", number=unnumbered.number)
    cast.archive(kept)
    staff = Staff(cast.linked)
    others = [(replaced, "Second Name"), (unnumbered, "Third Name")]
    made = {learner: make_by_hand(cast.linked, name=name) for learner, name in others}
    cast.linked.sweep()
    for learner, contact_id in made.items():
        staff.link(learner, contact_id)

    foretell_and_start(cast)


def test_contact_that_two_learners_share_is_nobodys_unless_it_has_the_number(cast: Cast) -> None:
    ann, ben = [cast.learner("shares one", Fate.CREATED) for _ in range(2)]
    numbered = cast.learner(
        "shares one with its number",
        Fate.CHANGED,
        contact={"name": "Banksia Builders", "number": "{number}"},
    )
    second = cast.learner("shares one with another's number", Fate.CREATED)
    employer = make_by_hand(cast.linked, name="Wattle Builders")
    cast.linked.sweep()
    staff = Staff(cast.linked)
    for learner, contact_id in (
        (ann, employer),
        (ben, employer),
        (numbered, cast.contacts[numbered.pk]),
        (second, cast.contacts[numbered.pk]),
    ):
        staff.link(learner, contact_id)

    foretell_and_start(cast)


def test_preview_of_ticking_all_knows_contacts_that_were_made_before(linked: Linked) -> None:
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    staff, cast = Staff(linked), Cast(linked)
    # Made by us, unticked, and what became of them in Xero since.
    fates = {
        "stayed as it was": Fate.SAME,
        "was archived": Fate.CLASH,
        "was merged, and agrees": Fate.CHANGED,
        "was merged, nothing agrees": Fate.ASKED,
        "was merged into another's": Fate.ASKED,
    }
    made: dict[str, tuple[Learner, str]] = {}
    typed = {}
    for at, (what, fate) in enumerate(fates.items(), start=1):
        details = {"given_name": f"N{at}", "email": f"n{at}@example.com", "number": f"L90000{at}"}
        made[what] = with_contact(staff, **details)
        cast.expected[made[what][0].pk] = (fate, what)
        typed[made[what][0]] = details
    for learner, details in typed.items():
        staff.save(learner, ticked=False, **details)
    cast.archive(made["was archived"][1])
    agreeing = make_by_hand(linked, name="M. Up", email="n3@example.com")
    merge(linked, made["was merged, and agrees"][1], agreeing)
    merge(linked, made["was merged, nothing agrees"][1], make_by_hand(linked, name="Wattle"))
    merge(linked, made["was merged into another's"][1], made["stayed as it was"][1])
    linked.sweep()
    before = linked.books()

    found = dry_run.run(organisation=linked.organisation, ticked=False)
    assert_same_as_expected(cast, found)
    for learner, details in typed.items():
        staff.save(learner, ticked=True, **details)
    push_all(linked)

    assert_foretold(cast, before, found)
