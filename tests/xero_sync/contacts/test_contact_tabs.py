"""The contacts page: who is on which tab and why, and what each act does on the far side."""

import json
import re

import pytest

from lrm.models import Learner
from tests.support.contact_desk import Desk
from tests.support.learners import contacts_numbered
from tests.support.linked import Linked
from tests.support.staff import contact_of, make_by_hand, merge, raise_invoice
from xero_sync.models import ContactPush, ContactQuestion


@pytest.fixture
def desk(linked: Linked) -> Desk:
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    return Desk(linked)


@pytest.fixture
def ravi(desk: Desk) -> str:
    """A contact of a stranger, with an invoice, that has a learner's number."""
    return make_by_hand(desk.linked, name="Ravi Ito", number="L900001", email="ravi@example.com")


def asked(desk: Desk, ravi: str, *, ticked: bool = False) -> tuple[Learner, str, str]:
    """Save a learner with the number of the stranger's contact; return its key and the invoice."""
    invoice = raise_invoice(desk.linked, ravi)
    desk.linked.sweep()
    learner = desk.save(ticked=ticked)
    return learner, f"{learner.pk}.{ravi}", invoice


def test_question_stands_on_its_tab_with_both_sides_and_the_reason(desk: Desk, ravi: str) -> None:
    before = desk.counts()["questions"]

    asked(desk, ravi)

    assert (before, desk.counts()["questions"]) == ("0", "1")
    words = desk.words("questions")
    assert "Same number, with another name and another e-mail." in words
    assert re.search(r"Number L900001 L900001 same", words)
    assert re.search(r"Name Imogen Made-Up Ravi Ito differs", words)
    assert re.search(r"E-mail imogen@example.com ravi@example.com differs", words)
    assert "The contact has 1 document, AUD 110.00 owed." in words


def test_yes_shows_the_documents_and_sends_the_learner_there(desk: Desk, ravi: str) -> None:
    learner, key, invoice = asked(desk, ravi, ticked=True)
    desk.push()

    said = desk.press("questions", f"accept {key}")
    desk.push()

    assert "1 linked." in said
    assert desk.shown(learner) == {invoice}
    assert contact_of(desk.linked, ravi)["name"] == "Imogen Made-Up"
    assert desk.counts()["questions"] == "0"
    assert "Linked by" in desk.words("linked", q="L900001")


def test_no_is_remembered_and_shows_nothing(desk: Desk, ravi: str) -> None:
    learner, key, _ = asked(desk, ravi)

    said = desk.press("questions", f"reject {key}")
    desk.linked.sweep()

    assert "1 answered with no." in said
    assert desk.shown(learner) == set()
    assert desk.counts()["questions"] == "0"
    assert not ContactQuestion.objects.exists()


def test_undo_right_after_a_yes_takes_the_documents_away_and_asks_again(
    desk: Desk, ravi: str
) -> None:
    learner, key, invoice = asked(desk, ravi)
    desk.press("questions", f"accept {key}")
    assert desk.shown(learner) == {invoice}

    said = desk.undo_last()

    assert "1 put back as it was." in said
    assert desk.shown(learner) == set()
    assert desk.counts()["questions"] == "1"


def test_unlinked_contact_shows_nothing_more_and_stays_as_it_is_in_xero(desk: Desk) -> None:
    learner = desk.save(ticked=True)
    desk.push()
    mine = contacts_numbered(desk.linked, "L900001")[0]
    invoice = raise_invoice(desk.linked, mine["contact_id"])
    desk.linked.sweep()
    assert desk.shown(learner) == {invoice}

    said = desk.press("linked", f"unlink {learner.pk}.{mine['contact_id']}")
    desk.push()

    assert "1 unlinked." in said
    assert desk.shown(learner) == set()
    there = contact_of(desk.linked, mine["contact_id"])
    assert there == {**mine, "is_customer": there["is_customer"]}
    # It keeps the number, which is told with what to do.
    assert "taken by somebody else" in desk.words("refused")
    assert desk.counts()["refused"] == "1"
    assert desk.counts()["without-contact"] == "1"


def test_undone_unlinking_brings_the_documents_back(desk: Desk) -> None:
    learner = desk.save(ticked=True)
    desk.push()
    mine = contacts_numbered(desk.linked, "L900001")[0]["contact_id"]
    invoice = raise_invoice(desk.linked, mine)
    desk.linked.sweep()
    desk.press("linked", f"unlink {learner.pk}.{mine}")

    desk.undo_last()
    desk.push()

    assert desk.shown(learner) == {invoice}
    assert ContactPush.objects.get(learner=learner).state == "DONE"


def test_contact_with_documents_but_no_learner_is_suggested_by_name_and_by_email(
    desk: Desk,
) -> None:
    by_hand = make_by_hand(desk.linked, name="Ito, Imogen", email="Imogen@example.com")
    invoice = raise_invoice(desk.linked, by_hand)
    desk.linked.sweep()
    learner = desk.save(ticked=False, given_name="Imogen", family_name="Itō")

    words = desk.words("no-learner", q="Ito Imogen")
    assert "Same name and same e-mail" in words
    said = desk.press("no-learner", f"accept {learner.pk}.{by_hand}", q="Ito")

    assert "1 linked." in said
    assert desk.shown(learner) == {invoice}
    assert by_hand not in desk.page("no-learner", q="Ito Imogen")


def test_rejected_suggestion_does_not_come_again(desk: Desk) -> None:
    by_hand = make_by_hand(desk.linked, name="Ravi Ito", email="imogen@example.com")
    raise_invoice(desk.linked, by_hand)
    desk.linked.sweep()
    learner = desk.save(ticked=False)
    assert "Same e-mail, with another name" in desk.words("no-learner", q="Ravi Ito")

    desk.press("no-learner", f"reject {learner.pk}.{by_hand}", q="Ravi")

    assert "Same e-mail" not in desk.words("no-learner", q="Ravi Ito")
    assert desk.shown(learner) == set()


def test_learner_without_a_contact_is_offered_the_one_that_accounts_made(desk: Desk) -> None:
    by_hand = make_by_hand(desk.linked, name="Ravi Ito", email="imogen@example.com")
    invoice = raise_invoice(desk.linked, by_hand)
    desk.linked.sweep()
    learner = desk.save(ticked=True)
    assert desk.counts()["without-contact"] == "1"

    desk.press("without-contact", f"accept {learner.pk}.{by_hand}")
    desk.push()

    assert desk.shown(learner) == {invoice}
    assert contact_of(desk.linked, by_hand)["number"] == "L900001"
    assert desk.counts()["without-contact"] == "0"


def test_refused_learner_stands_with_xeros_own_words_and_goes_again(desk: Desk) -> None:
    desk.linked.world.fail(
        "/api.xro/2.0/Contacts",
        method="PUT",
        status=400,
        body=json.dumps(
            {
                "ErrorNumber": 10,
                "Type": "ValidationException",
                "Message": "A validation exception occurred",
                "Elements": [{"ValidationErrors": [{"Message": "Made-up reason of Xero's"}]}],
            }
        ),
    )
    learner = desk.save(ticked=True)
    desk.push()
    assert "Refused: Made-up reason of Xero&#x27;s" in desk.words("refused")

    said = desk.press("refused", f"retry {learner.pk}.")
    desk.push()

    assert "1 on the way to Xero again." in said
    assert desk.counts()["refused"] == "0"
    assert len(contacts_numbered(desk.linked, "L900001")) == 1
    assert learner.changes.first().fields == ["sent to Xero again"]  # type: ignore[union-attr]


def test_left_out_says_who_and_why(desk: Desk) -> None:
    supplier = next(
        one["name"]
        for one in desk.linked.books()["contacts"]
        if one["is_supplier"] and not one["is_customer"] and one["status"] == "ACTIVE"
    )
    archived = make_by_hand(desk.linked, name="Old Contact")
    desk.linked.world.do("contacts", tenant=desk.linked.tenant, act="archive", id=archived)
    desk.linked.sweep()
    desk.save(ticked=False)

    assert "Imogen Made-Up (L900001) Not ticked “Sync to Xero”" in desk.words("left-out")
    assert "Old Contact Archived in Xero" in desk.words("left-out", of="archived", q="Old Contact")
    assert f"{supplier} A supplier and no customer" in desk.words(
        "left-out", of="suppliers", q=supplier
    )
    assert not desk.keys("left-out", of="archived", q=supplier)


def test_search_finds_by_either_side(desk: Desk, ravi: str) -> None:
    _, key, _ = asked(desk, ravi)

    for text in ("imogen", "L900001", "ravi", "RAVI@example"):
        assert desk.keys("questions", q=text) == [key]
    assert desk.keys("questions", q="nobody-of-this-name") == []
    assert desk.keys("questions", q="?!") == []


def test_yes_that_was_written_to_xero_is_not_undone_and_says_what_to_do(
    desk: Desk, ravi: str
) -> None:
    _, key, _ = asked(desk, ravi, ticked=True)
    desk.press("questions", f"accept {key}")
    at = re.search(r'name="at" value="([^"]+)"', desk.page("questions"))
    assert at is not None
    desk.push()

    assert 'name="at"' not in desk.page("questions")
    said = desk.post("undo/", {"at": at[1]})

    assert "1 left as it is." in said
    assert "Unlink it on the tab Linked" in said


def test_merge_into_another_learners_contact_is_asked_on_the_page(desk: Desk) -> None:
    first = desk.save(ticked=True)
    second = desk.save(ticked=True, number="L900002", given_name="Ben", email="ben@example.com")
    desk.push()
    mine, theirs = (
        contacts_numbered(desk.linked, number)[0]["contact_id"] for number in ("L900001", "L900002")
    )

    merge(desk.linked, mine, theirs)
    desk.linked.sweep()

    assert "belongs to another learner, or has the number of one" in desk.words("questions")
    assert desk.keys("questions") == [f"{first.pk}.{theirs}"]
    desk.press("questions", f"reject {first.pk}.{theirs}")
    desk.linked.sweep()
    assert desk.counts()["questions"] == "0"
    assert second.pk
