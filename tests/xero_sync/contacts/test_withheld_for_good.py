"""What a merge took from a learner stays off the other's page, however the learner's link ends.

A person may say that it was never the learner's, or that the two share a contact, and accounts may
give it away in Xero. The rule of identity, an erasure and Xero's own may not.
"""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from invoices.models import ContactLink, Document, DocumentMove, DocumentVersion
from lrm.models import Learner
from tests.support import builders
from tests.support.linked import Linked
from tests.support.staff import (
    Staff,
    contact_of,
    make_by_hand,
    merge,
    raise_invoice,
    with_contact,
)


class Case(NamedTuple):
    """Ann is linked by number alone to `loser`; Ben's contact takes it over."""

    staff: Staff
    ann: Learner
    loser: str
    hers: str
    ben: Learner
    bens: str
    his: str

    @property
    def names(self) -> dict[str, str]:
        return {"given_name": self.ann.given_name, "family_name": self.ann.family_name}

    def save(self, **details: str) -> None:
        """Correct Ann, who was never ticked."""
        typed = {"number": self.ann.number, "email": "", **self.names, **details}
        self.staff.save(self.ann, ticked=False, **typed)

    def merge(self) -> None:
        """Merge Ann's contact into Ben's, and let everybody hear of it."""
        merge(self.staff.linked, self.loser, self.bens)
        self.hear()
        assert self.staff.shown(self.ben) == {self.his}
        assert "somebody merged the contact of" in self.staff.invoices(self.ann)

    def hear(self) -> None:
        self.staff.linked.sweep()
        self.staff.linked.take_events()

    def erase(self) -> None:
        path = f"/learners/{self.ann.pk}/personal-data/erase/"
        answer = self.staff.client.post(path, {"number": self.ann.number})
        assert answer.status_code == 302

    def has_ended(self) -> bool:
        return not ContactLink.objects.filter(learner_id=self.ann.pk).exists()

    def bens_own(self) -> str:
        """Return what Ben reads who signs in."""
        portal = self.ben.portal
        portal.learners_see_documents = True
        portal.save()
        client = builders.client_of(builders.make_learner_account(self.ben))
        return client.get("/my/invoices/").content.decode()


@pytest.fixture
def case(staff: Staff) -> Case:
    return made(staff, staff)


def made(staff: Staff, other: Staff) -> Case:
    """Have Ben be a learner of the other's portal."""
    loser = make_by_hand(staff.linked, name="Ann Made-Up", number="L900001")
    hers = raise_invoice(staff.linked, loser)
    ben, bens = with_contact(other, "L900002", given_name="Ben", email="ben@example.com")
    his = raise_invoice(staff.linked, bens)
    ann = staff.save(ticked=False, number="L900001", given_name="Ann", email="")
    case = Case(staff, ann, loser, hers, ben, bens, his)
    case.hear()
    assert staff.shown(ann) == {hers}
    return case


def give(linked: Linked, number: str, contact_id: str) -> None:
    """Have accounts give an invoice to another contact in Xero."""
    document = next(one for one in linked.books()["documents"] if one["number"] == number)
    linked.world.do(
        "documents", tenant=linked.tenant, act="give", id=document["xero_id"], contact_id=contact_id
    )


def renamed(case: Case) -> None:
    case.save(family_name="Other")


def renumbered(case: Case) -> None:
    case.save(number="L900077")


def erased_after_a_no(case: Case) -> None:
    case.staff.answer(case.ann, case.bens, "no")
    case.erase()


def erased_after_another_name(case: Case) -> None:
    renamed(case)
    case.erase()


ENDS: tuple[Callable[[Case], None], ...] = (
    renamed,
    renumbered,
    Case.erase,
    erased_after_a_no,
    erased_after_another_name,
)


@pytest.mark.parametrize("end", ENDS, ids=lambda each: each.__name__)
def test_merged_invoice_stays_withheld_when_the_link_before_ends_unsaid(
    case: Case, end: Callable[[Case], None]
) -> None:
    case.merge()

    end(case)
    case.hear()

    assert case.has_ended()
    assert case.staff.shown(case.ben) == {case.his}
    assert "1 document of this contact is not shown" in case.staff.invoices(case.ben)
    own = case.bens_own()
    assert case.his in own
    assert case.hers not in own


@pytest.mark.parametrize("end", [renamed, Case.erase], ids=lambda each: each.__name__)
def test_invoice_that_is_heard_of_after_the_link_has_ended_is_withheld_too(
    case: Case, end: Callable[[Case], None]
) -> None:
    """Whether a merge moves a document's time of change, and so when it is read, is not known."""
    linked = case.staff.linked
    (document,) = [one for one in linked.books()["documents"] if one["number"] == case.hers]
    merge(linked, case.loser, case.bens, documents_stay=True)
    case.hear()
    assert case.staff.shown(case.ann) == {case.hers}

    end(case)
    assert case.has_ended()
    give(linked, case.hers, case.bens)
    case.hear()

    assert Document.objects.get(xero_id=document["xero_id"]).contact_xero_id
    assert case.staff.shown(case.ben) == {case.his}


def test_contact_that_xero_erases_gives_nothing_to_the_other(case: Case) -> None:
    case.merge()
    linked = case.staff.linked

    linked.world.do(
        "contacts", tenant=linked.tenant, act="erase", id=case.loser, name="Contact erased"
    )
    case.hear()

    assert case.has_ended()
    assert case.staff.shown(case.ben) == {case.his}


def test_link_that_comes_back_by_itself_asks_again_and_a_yes_shows_it_to_both(case: Case) -> None:
    case.merge()
    renamed(case)
    case.save()
    assert case.staff.shown(case.ben) == {case.his}

    case.staff.answer(case.ann, case.bens, "yes")

    assert case.staff.shown(case.ann) == case.staff.shown(case.ben) == {case.hers, case.his}
    renamed(case)
    assert case.staff.shown(case.ben) == {case.hers, case.his}


@pytest.mark.parametrize("is_back", [False, True])
def test_person_who_says_that_it_was_never_hers_gives_it_up(case: Case, is_back: bool) -> None:
    case.merge()
    renamed(case)
    if is_back:
        case.save()

    line = case.staff.unlink(case.ann, case.loser)
    assert case.staff.shown(case.ben) == {case.hers, case.his}

    case.staff.undo(line)
    assert case.staff.shown(case.ben) == {case.his}

    case.staff.unlink(case.ann, case.loser)
    case.erase()
    assert case.staff.shown(case.ben) == {case.hers, case.his}


def test_what_two_came_to_share_stays_the_others_when_one_is_erased(case: Case) -> None:
    case.merge()
    case.staff.answer(case.ann, case.bens, "yes")

    case.erase()

    assert case.staff.shown(case.ben) == {case.hers, case.his}


def test_invoice_that_accounts_give_back_and_forth_is_the_others(case: Case) -> None:
    """Nobody is left who could say a word here."""
    case.merge()
    case.erase()
    linked = case.staff.linked
    other = make_by_hand(linked, name="Somebody Else")
    for contact_id in (other, case.bens):
        give(linked, case.hers, contact_id)
        case.hear()

    assert case.staff.shown(case.ben) == {case.hers, case.his}
    assert not DocumentMove.objects.exists()


def test_merge_that_is_undone_keeps_it_off_the_others_page_until_it_is_given_back(
    case: Case,
) -> None:
    merge(case.staff.linked, case.loser, case.bens, number="freed")
    case.hear()
    linked = case.staff.linked

    linked.world.do("contacts", tenant=linked.tenant, act="restore", id=case.loser)
    case.hear()
    assert case.has_ended()
    assert case.staff.shown(case.ben) == {case.his}

    give(linked, case.hers, case.loser)
    case.hear()
    case.staff.link(case.ann, case.loser)
    assert case.staff.shown(case.ann) == {case.hers}
    assert case.staff.shown(case.ben) == {case.his}


@pytest.mark.parametrize("end", [renamed, Case.erase], ids=lambda each: each.__name__)
def test_learner_of_another_portal_is_not_shown_it_either(
    staff: Staff, neighbours: Staff, end: Callable[[Case], None]
) -> None:
    case = made(staff, neighbours)
    neighbours.linked.sweep()
    merge(staff.linked, case.loser, case.bens)
    for each in (staff.linked, neighbours.linked):
        each.sweep()
        each.take_events()
    assert neighbours.shown(case.ben) == {case.his}

    end(case)

    assert case.has_ended()
    assert neighbours.shown(case.ben) == {case.his}
    assert case.hers not in neighbours.invoices(case.ben)


def test_erased_learner_stands_in_no_version_of_what_a_merge_took(case: Case) -> None:
    linked = case.staff.linked
    name = contact_of(linked, case.loser)["name"]
    case.merge()
    assert any(name in str(raw) for raw in versions())
    renamed(case)

    case.erase()

    assert not any(name in str(raw) for raw in versions())


def versions() -> list[object]:
    return list(DocumentVersion.objects.values_list("raw", flat=True))
