"""The rule of identity as a table, with the names that people really have."""

# ruff: noqa: RUF001 - names in every script are the point

import pytest

from invoices.rules.identity import (
    Answer,
    ContactFacts,
    Holder,
    LearnerFacts,
    Pair,
    Said,
    Verdict,
    Why,
    assess,
    may_write,
    names_agree,
)
from invoices.rules.person_names import words_of_name

MEI = LearnerFacts(number="L1", given_name="Mei", family_name="Kelly", email="mei@example.com")
SAME = ContactFacts(
    number="L1", name="Mei Kelly", first_name="Mei", last_name="Kelly", email="mei@example.com"
)
RENAMED = ContactFacts(number="L1", name="Mei Wilson", email="mei@example.com")
MOVED = ContactFacts(number="L1", name="Mei Kelly", email="new@example.com")
STRANGER = ContactFacts(number="L1", name="Ravi Ito", email="ravi@example.com")
BY_HAND = ContactFacts(number="", name="Mei Kelly", email="mei@example.com")
ARCHIVED_STRANGER = ContactFacts(number="L1", name="Ravi Ito", is_active=False)
ARCHIVED = ContactFacts(number="L1", name="Mei Kelly", is_active=False)
ERASED = ContactFacts(number="L1", name="Mei Kelly", is_active=False, is_erased=True)
ERASED_STRANGER = ContactFacts(number="L1", name="Deleted", is_active=False, is_erased=True)

LINKED, QUESTION, UNRELATED = Answer.LINKED, Answer.QUESTION, Answer.UNRELATED


@pytest.mark.parametrize(
    ("contact", "more", "answer", "why"),
    [
        # Agreement beside an equal number.
        (SAME, {}, LINKED, Why.NAME_AND_EMAIL),
        (MOVED, {}, LINKED, Why.NAME),
        (RENAMED, {}, LINKED, Why.EMAIL),
        (ARCHIVED, {}, LINKED, Why.NAME),
        # An equal number alone.
        (STRANGER, {}, QUESTION, Why.NUMBER_ALONE),
        (RENAMED, {"email_is_shared": True}, QUESTION, Why.SHARED_EMAIL),
        (SAME, {"email_is_shared": True}, LINKED, Why.NAME_AND_EMAIL),
        (ARCHIVED_STRANGER, {}, UNRELATED, Why.NOT_ACTIVE),
        # No equal number.
        (BY_HAND, {}, UNRELATED, Why.OTHER_NUMBER),
        (BY_HAND, {"name_is_refused": True}, QUESTION, Why.SAME_NAME),
        # A person's word.
        (STRANGER, {"said": Said.YES}, LINKED, Why.PERSON),
        (BY_HAND, {"said": Said.YES}, LINKED, Why.PERSON),
        (STRANGER, {"said": Said.NO}, UNRELATED, Why.REJECTED),
        (SAME, {"said": Said.NO}, UNRELATED, Why.REJECTED),
        (BY_HAND, {"said": Said.NO, "name_is_refused": True}, UNRELATED, Why.REJECTED),
        # Who holds it.
        (STRANGER, {"holder": Holder.THIS_LEARNER}, LINKED, Why.MADE),
        (BY_HAND, {"holder": Holder.THIS_LEARNER}, LINKED, Why.MADE),
        (SAME, {"holder": Holder.ANOTHER_LEARNER}, UNRELATED, Why.OTHER_LEARNER),
        (SAME, {"holder": Holder.ANOTHER_LEARNER, "said": Said.YES}, LINKED, Why.PERSON),
        (
            BY_HAND,
            {"holder": Holder.ANOTHER_LEARNER, "name_is_refused": True},
            UNRELATED,
            Why.OTHER_LEARNER,
        ),
        (SAME, {"holder": Holder.ANOTHER_PORTAL}, UNRELATED, Why.OTHER_PORTAL),
        (SAME, {"holder": Holder.ANOTHER_PORTAL, "said": Said.YES}, UNRELATED, Why.OTHER_PORTAL),
        # Somebody who asked to be forgotten.
        (ERASED, {}, UNRELATED, Why.ERASED),
        (ERASED, {"is_heir": True}, UNRELATED, Why.ERASED),
        (ERASED, {"said": Said.YES}, UNRELATED, Why.ERASED),
        (ERASED, {"is_linked_now": True}, LINKED, Why.NAME),
        (ERASED_STRANGER, {"is_linked_now": True}, UNRELATED, Why.NOT_ACTIVE),
        (ERASED_STRANGER, {"is_linked_now": True, "is_heir": True}, LINKED, Why.MERGED),
        (ERASED_STRANGER, {"is_linked_now": True, "said": Said.YES}, LINKED, Why.PERSON),
        (ERASED, {"holder": Holder.THIS_LEARNER, "is_linked_now": True}, LINKED, Why.MADE),
        # What Xero merged the learner's contact into.
        (BY_HAND, {"is_heir": True}, LINKED, Why.MERGED),
        (STRANGER, {"is_heir": True}, LINKED, Why.MERGED),
        (ARCHIVED_STRANGER, {"is_heir": True}, LINKED, Why.MERGED),
        (SAME, {"is_heir": True}, LINKED, Why.NAME_AND_EMAIL),
        (BY_HAND, {"is_heir": True, "holder": Holder.THIS_LEARNER}, LINKED, Why.MADE),
        (BY_HAND, {"is_heir": True, "is_anothers": True}, QUESTION, Why.MERGED_OTHER),
        (SAME, {"is_heir": True, "is_anothers": True}, LINKED, Why.NAME_AND_EMAIL),
        (
            SAME,
            {"is_heir": True, "holder": Holder.ANOTHER_LEARNER},
            QUESTION,
            Why.MERGED_OTHER,
        ),
        (
            SAME,
            {"is_heir": True, "holder": Holder.ANOTHER_PORTAL},
            QUESTION,
            Why.MERGED_PORTAL,
        ),
        (BY_HAND, {"is_heir": True, "said": Said.YES}, LINKED, Why.PERSON),
        (BY_HAND, {"is_heir": True, "said": Said.NO}, UNRELATED, Why.REJECTED),
        (
            BY_HAND,
            {"is_heir": True, "is_anothers": True, "said": Said.NO},
            UNRELATED,
            Why.REJECTED,
        ),
        (
            SAME,
            {"is_heir": True, "holder": Holder.ANOTHER_LEARNER, "said": Said.NO},
            UNRELATED,
            Why.OTHER_LEARNER,
        ),
        (
            SAME,
            {"is_heir": True, "holder": Holder.ANOTHER_PORTAL, "said": Said.NO},
            UNRELATED,
            Why.OTHER_PORTAL,
        ),
    ],
)
def test_rule_says(
    contact: ContactFacts, more: dict[str, object], answer: Answer, why: Why
) -> None:
    verdict = assess(Pair(MEI, contact, **more))  # type: ignore[arg-type] # one table for all

    assert verdict == Verdict(answer, why)
    assert verdict.is_question == (answer is Answer.QUESTION)


@pytest.mark.parametrize(
    ("contact", "more", "may"),
    [
        (SAME, {}, True),
        (STRANGER, {}, False),
        (STRANGER, {"said": Said.YES}, True),
        (BY_HAND, {"is_heir": True}, True),
        (STRANGER, {"is_heir": True}, False),
        (RENAMED, {"is_heir": True, "is_anothers": True}, True),
        (ContactFacts(email="mei@example.com"), {"is_heir": True}, True),
        (ContactFacts(email="mei@example.com"), {"is_heir": True, "email_is_shared": True}, False),
        (ContactFacts(name="Kelly Mei"), {"is_heir": True, "email_is_shared": True}, True),
        (ERASED, {"is_linked_now": True}, False),
        (ERASED, {"holder": Holder.THIS_LEARNER, "is_linked_now": True}, False),
    ],
)
def test_details_may_be_written(contact: ContactFacts, more: dict[str, object], may: bool) -> None:
    pair = Pair(MEI, contact, **more)  # type: ignore[arg-type] # one table for all

    assert may_write(pair, assess(pair)) is may


@pytest.mark.parametrize(
    ("ours", "theirs"), [("", ""), (" ", " "), ("L1", ""), ("", "L1"), ("L1", "l1"), ("L1", "L01")]
)
def test_numbers_that_are_not_equal_link_nobody(ours: str, theirs: str) -> None:
    learner = LearnerFacts(number=ours, given_name="Mei", family_name="Kelly")
    contact = ContactFacts(number=theirs, name="Mei Kelly")

    assert assess(Pair(learner, contact)).why is Why.OTHER_NUMBER


def test_numbers_are_compared_without_spaces_around_them() -> None:
    contact = ContactFacts(number=" L1\t", name="Mei Kelly")

    assert assess(Pair(MEI, contact)).is_linked


@pytest.mark.parametrize(
    ("given", "family", "name", "first", "last"),
    [
        ("Mei", "Kelly", "MEI KELLY", "", ""),
        ("Mei", "Kelly", "Kelly Mei", "", ""),
        ("Mei", "Kelly", "Kelly, Mei", "", ""),
        ("Mei", "Kelly", "  Mei   Kelly ", "", ""),
        ("Mei", "Kelly", "Mei\u00a0Kelly", "", ""),
        ("Mei", "Kelly", "Mei Kelly (L1)", "", ""),
        ("Mei", "Kelly", "Mei Kelly (Geelong)", "Mei", "Kelly"),
        ("Mei", "Kelly", "Kelly Family Trust", "kelly", "mei"),
        ("Thảo", "Nguyễn", "Thao Nguyen", "", ""),
        ("Thảo", "Nguyễn", "Nguye\u0302\u0303n Tha\u0309o", "", ""),
        ("Łukasz", "Sørensen", "Lukasz Sorensen", "", ""),
        ("Jürgen", "Groß", "JÜRGEN GROSS", "", ""),
        ("İpek", "Işık", "ipek ışık", "", ""),
        ("Siobhán", "O'Brien", "Siobhan O\u2019Brien", "", ""),
        ("Siobhán", "O'Brien", "SIOBHAN OBRIEN", "", ""),
        ("Anne-Marie", "D'Souza", "Anne Marie D\u00b4Souza", "", ""),
        ("Zoë 🌻", "Fernández", "Zoe 🌻 Fernandez", "", ""),
        ("A<b>", "C", "Ab C", "", ""),
        ("", "Madonna", "Madonna", "", ""),
        ("", "Madonna", "Madonna (L1)", "", "Madonna"),
        ("\u200fנועה", "כהן", "כהן נועה\u200e", "", ""),
        ("محمد", "علي", "علي محمد", "", ""),
        ("राम", "कुमार", "कुमार राम", "", ""),
        ("Ｍｅｉ", "Ｋｅｌｌｙ", "Mei Kelly", "", ""),
    ],
)
def test_names_agree(given: str, family: str, name: str, first: str, last: str) -> None:
    learner = LearnerFacts(number="L1", given_name=given, family_name=family)

    assert names_agree(learner, ContactFacts(name=name, first_name=first, last_name=last))


@pytest.mark.parametrize(
    ("given", "family", "name", "first", "last"),
    [
        ("Mei", "Kelly", "Mei Kelley", "", ""),
        ("Mei", "Kelly", "Mei", "Mei", ""),
        ("Mei", "Kelly", "M Kelly", "", ""),
        ("Mei", "Kelly", "Mei Mei Kelly", "", ""),
        ("Mei", "Kelly", "Mei Kelly (L2)", "", ""),
        ("Mei", "Kelly", "", "", ""),
        ("", "Mei", "Mei Kelly", "Mei", ""),
        ("", "Mei", "Mei Kelly", "", "Mei"),
        ("Zoë 🌻", "Fernández", "Zoë 🌹 Fernández", "", ""),
        ("", "", "", "", ""),
        ("", "\u200f", "\u200e", "", ""),
        ("<", ">", "<>", "", ""),
        # Vowels of other scripts are no accents.
        ("", "कुमार", "किमार", "", ""),
        ("", "がく", "かく", "", ""),
    ],
)
def test_names_do_not_agree(given: str, family: str, name: str, first: str, last: str) -> None:
    learner = LearnerFacts(number="L1", given_name=given, family_name=family)

    assert not names_agree(learner, ContactFacts(name=name, first_name=first, last_name=last))


@pytest.mark.parametrize(
    ("ours", "theirs", "agree"),
    [
        ("mei@example.com", "MEI@Example.com", True),
        (" mei@example.com", "mei@example.com ", True),
        ("", "", False),
        (" ", " ", False),
        ("mei@example.com", "", False),
        ("méi@example.com", "mei@example.com", False),
    ],
)
def test_emails_agree_without_regard_to_case(ours: str, theirs: str, agree: bool) -> None:
    learner = LearnerFacts(number="L1", family_name="Kelly", email=ours)
    contact = ContactFacts(number="L1", name="Somebody Else", email=theirs)

    assert assess(Pair(learner, contact)).is_linked == agree


def test_nothing_at_all_links_nobody() -> None:
    assert assess(Pair(LearnerFacts(number=""), ContactFacts())).answer is Answer.UNRELATED


@pytest.mark.parametrize("character", list(map(chr, range(128))))
def test_name_without_accents_is_read_as_one_with_them(character: str) -> None:
    """The shorter way through plain letters ends where the long one does."""
    name = f"Ana{character}Maria"

    short = words_of_name(name)

    long = list(words_of_name(f"{name} \u00e9"))
    long.remove("e")
    assert list(short) == long


@pytest.mark.parametrize(
    ("theirs", "is_merged", "number_linked", "agree"),
    [
        ("L1", False, "", True),
        ("L2", False, "L1", False),
        # Without a number the one of the link counts on, of a merged contact alone.
        ("", True, "L1", True),
        ("", True, " L1 ", True),
        ("", True, "L2", False),
        ("", True, "", False),
        ("", False, "L1", False),
        # What it has counts more than what it had.
        ("L1", True, "", True),
        ("L2", True, "L1", False),
    ],
)
def test_number_of_the_link_counts_on_where_a_merge_freed_the_contacts(
    theirs: str, is_merged: bool, number_linked: str, agree: bool
) -> None:
    contact = ContactFacts(number=theirs, is_merged=is_merged)

    pair = Pair(learner=MEI, contact=contact, number_linked=number_linked)

    assert pair.numbers_agree is agree
