"""The rule of what names a learner, as a table."""

import time

import pytest

from invoices.rules import mentions

LONG = "N" + "1" * 49


def named(content: str, *learners: str) -> list[str]:
    """Return which of these learners' numbers the text names."""
    texts = [mentions.Text("reference", content)]
    known = mentions.numbers_of(texts) & set(learners)
    return [one.number for one in mentions.mentions_in(texts, known=known)]


@pytest.mark.parametrize(
    "content",
    [
        "L000123",
        "Course fee L000123 Jane Smith",
        "Course fee (L000123)",
        "Course fee: L000123.",
        "Jane Smith/L000123",
        "INV-L000123-2",
        "L000123,L000124",
        "Fee\nL000123\nJane",
        "fees_L000123",
        "“L000123”",
        "#L000123",
        "L000123@student.example.com",
        "Student L000123",
        "🌻L000123🌻",
    ],
)
def test_number_with_letters_is_named_where_it_stands_as_a_whole(content: str) -> None:
    assert named(content, "L000123") == ["L000123"]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "XL000123",
        "L0001234",
        "l000123",
        "L 000123",
        "L000124",
        "ÉL000123",
        "L000123é",
        "\uff2c000123",
    ],
)
def test_number_with_letters_is_not_named_by_what_only_resembles_it(content: str) -> None:
    assert named(content, "L000123") == []


@pytest.mark.parametrize(
    ("number", "content"),
    [
        ("WC-17b", "For WC-17b."),
        ("2026/A17", "2026/A17: term 1"),
        ("A&B12", "Fee A&B12, two terms"),
        ('O"N17', 'for O"N17'),
        ("Đ0123", "Phí Đ0123"),
        (LONG, f"for {LONG} only"),
    ],
)
def test_number_with_other_signs_is_named_as_it_is(number: str, content: str) -> None:
    assert named(content, number) == [number]


@pytest.mark.parametrize(
    ("content", "is_named"),
    [
        ("Fee 100234", True),
        ("Fee 100234, Jane", True),
        ("Fee (100234).", True),
        ("Smith-100234", True),
        ("#100234", True),
        ("$100234", False),
        ("€ 100234", True),
        ("100234.00", False),
        ("100234,50", False),
        ("1,100234", False),
        ("12.100234", False),
        ("100234%", False),
        ("100234-17", False),
        ("0100234", False),
        ("Learner 100234-17", False),
    ],
)
def test_six_digits_are_named_where_they_are_no_amount(content: str, is_named: bool) -> None:
    assert named(content, "100234") == (["100234"] if is_named else [])


@pytest.mark.parametrize(
    ("number", "is_named"),
    [
        ("20261120", False),
        ("20112026", False),
        ("20261320", True),
        ("31022026", True),
        ("10000234", True),
        ("2026-000123", True),
        ("2026-11-20", False),
        ("20/11/2026", False),
        ("1234567.89", False),
        ("2026", False),
        ("1001", False),
        ("12", False),
        ("A7", False),
        ("T1", False),
        ("1-2", False),
    ],
)
def test_figure_alone_is_named_unless_it_reads_as_something_else(
    number: str, is_named: bool
) -> None:
    assert named(f"Fee {number} term", number) == ([number] if is_named else [])


@pytest.mark.parametrize(
    "content",
    [
        "Learner 1001",
        "learner: 1001",
        "LEARNER:1001",
        "Student no. 1001",
        "Student No 1001, Jane",
        "student number 1001",
        "Student ID: 1001",
        "student #1001",
        "Trainee (1001)",
        "Students 998, 999 and 1001",
        "Students 998 & 1001",
        "participants 998 , 1001",
    ],
)
def test_short_number_is_named_where_a_word_announces_it(content: str) -> None:
    assert named(content, "1001")[-1:] == ["1001"]


@pytest.mark.parametrize(
    "content",
    [
        "1001",
        "Invoice no. 1001",
        "Order #1001",
        "PO number 1001",
        "Learner fees 1001",
        "Learners: 2 of group 1001",
        "Student 1001.50",
        "Student 1001/2",
        "nonstudent 1001",
    ],
)
def test_short_number_is_not_named_where_nothing_announces_it(content: str) -> None:
    assert named(content, "1001") == []


@pytest.mark.parametrize("number", ["SMITH", "L 000123", "-", "Nguyễn"])
def test_number_without_a_digit_or_with_a_space_is_never_named(number: str) -> None:
    assert named(f"Learner {number} and {number}", number) == []


def test_longer_number_of_a_learner_covers_the_shorter_one() -> None:
    assert named("Fee L000123-2", "L000123", "L000123-2") == ["L000123-2"]
    assert named("Fee L000123-2", "L000123") == ["L000123"]
    assert named("Fee L000123-2, L000123", "L000123", "L000123-2") == ["L000123-2", "L000123"]


def test_mentions_stand_in_the_order_of_the_document_with_the_words_around() -> None:
    texts = [
        mentions.Text("reference", "Term 1"),
        mentions.Text(
            "line 1", "Certificate III in Individual Support, first of two  terms\nL000124"
        ),
        mentions.Text("line 2", "L000123 and L000124"),
    ]

    found = mentions.mentions_in(texts, known={"L000123", "L000124"})

    assert [(one.number, one.place) for one in found] == [
        ("L000124", "line 1"),
        ("L000123", "line 2"),
    ]
    assert found[0].excerpt == "…Individual Support, first of two terms L000124"
    assert found[1].excerpt == "L000123 and L000124"


@pytest.mark.parametrize(
    "content",
    ["1-" * 2000, "a1/" * 1300, "student " * 500, "student 1" * 400, "1,1 and " * 500, "x" * 4000],
)
def test_hostile_text_is_read_in_no_time(content: str) -> None:
    started = time.perf_counter()

    found = list(mentions.numbers_in(content))

    assert all(len(one.number) <= mentions.MOST_CHARACTERS for one in found)
    assert time.perf_counter() - started < 1
