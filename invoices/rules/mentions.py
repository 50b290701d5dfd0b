"""Which learners' numbers a text names. Pure; no database.

An employer's invoice says whom it is for in its reference or in a line. What is found here is only
ever suggested to a person, but a suggestion that is mostly wrong is soon not read any more. So a
number counts where it stands for itself:

| the learner's number | counts where |
|---|---|
| letters and digits, four of them or more: `L000123`, `WC-17b` | it stands as a whole |
| digits with six in a row or more: `100234`, `2026-000123` | it stands as a whole, and is no day |
| | such as 20261120 or 20112026, and no part of an amount |
| any other with a digit in it: `12`, `2026` | it is announced: by learner, student, trainee, |
| | apprentice or participant, as in "students no. 12, 13 and 14" |
| without a digit, or with a space in it | never: it would be a name, or have no end |

- *As a whole*: no letter or digit stands beside it. `L000123` is in `INV/L000123-2`, and not in
  `XL000123`. Where a longer number that some learner has covers a shorter one, it is the longer.
- Letter case counts, as in the rule of identity, where numbers agree exactly.
- A day of six digits, such as 201126, is not told from a number.
"""

import datetime
import re
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

# The length of a learner's number, and of how many words between other signs it may consist.
MOST_CHARACTERS = 50
_MOST_WORDS = 6
_FEWEST_WITH_LETTERS = 4
_EXCERPT = 40

_CHUNK = re.compile(r"\S*\d\S*")
_WORD = re.compile(r"[^\W_]+")
_LONG_FIGURE = re.compile(r"\d{6}")
_AMOUNT = re.compile(r"\d[.,]\d")
# Beside a figure: a sign that makes it an amount, or a part of a longer figure.
_FIGURE_BEFORE = re.compile(r"(?:[$€£¥]|\d[.,:/-])$")
_FIGURE_AFTER = re.compile(r"(?:%|[.,:/-]\d)")
# After such a word come numbers: one, or several that stand side by side.
_ANNOUNCED = re.compile(
    r"\b(?:learner|student|trainee|apprentice|participant)s?\b\W{0,3}"
    r"(?:(?:numbers?|nos?|ids?)\b\W{0,3})?"
    r"(?P<list>\S*\d\S*(?:\s+(?:(?:and|&|,|;)\s+)?\S*\d\S*)*)",
    re.IGNORECASE,
)


class Text(NamedTuple):
    """A text of a document, and where it stands there, in words."""

    place: str
    content: str


class Found(NamedTuple):
    """Something in a text that may be a learner's number."""

    number: str
    start: int
    end: int


class Mention(NamedTuple):
    """A learner's number as a document names it first, with the words around it."""

    number: str
    place: str
    excerpt: str


def numbers_in(content: str) -> Iterator[Found]:
    """Yield everything in a text that may be a learner's number, overlapping ones too."""
    for announced in _ANNOUNCED.finditer(content):
        for chunk in _CHUNK.finditer(content, *announced.span("list")):
            if words := list(_WORD.finditer(content, *chunk.span())):
                yield from _as_announced(content, words[0].start(), words[-1].end())
    for chunk in _CHUNK.finditer(content):
        words = list(_WORD.finditer(content, *chunk.span()))
        for at, first in enumerate(words):
            for last in words[at : at + _MOST_WORDS]:
                if _stands_for_itself(content, first.start(), last.end()):
                    start, end = first.start(), last.end()
                    yield Found(content[start:end], start, end)


def numbers_of(texts: Iterable[Text]) -> set[str]:
    """Return everything in a document's texts that may be a learner's number."""
    return {found.number for text in texts for found in numbers_in(text.content)}


def mentions_in(texts: Iterable[Text], *, known: Container[str]) -> list[Mention]:
    """Return the learners' numbers that a document names, in order, each where it comes first.

    :param known: the numbers that learners have, of those that `numbers_of` gives.
    """
    mentions: dict[str, Mention] = {}
    for text in texts:
        found = sorted({one for one in numbers_in(text.content) if one.number in known})
        for one in sorted(found, key=lambda each: (each.start, each.number)):
            if not any(_is_inside(one, other) for other in found):
                excerpt = _excerpt(text.content, one)
                mentions.setdefault(one.number, Mention(one.number, text.place, excerpt))
    return list(mentions.values())


def _as_announced(content: str, start: int, end: int) -> Iterator[Found]:
    number = content[start:end]
    if len(number) <= MOST_CHARACTERS and not _stands_for_itself(content, start, end):
        yield Found(number, start, end)


def _stands_for_itself(content: str, start: int, end: int) -> bool:
    """Return whether it counts without a word that announces it."""
    number = content[start:end]
    signs = sum(map(str.isalnum, number))
    if len(number) > MOST_CHARACTERS or signs < _FEWEST_WITH_LETTERS:
        return False
    if any(map(str.isalpha, number)):
        return any(map(str.isdigit, number))
    if not _LONG_FIGURE.search(number) or _AMOUNT.search(number) or _is_day(number):
        return False
    before, after = content[max(0, start - 2) : start], content[end : end + 2]
    return not (_FIGURE_BEFORE.search(before) or _FIGURE_AFTER.match(after))


def _is_day(number: str) -> bool:
    """Return whether eight digits are a day of this time, either way round."""
    if not re.fullmatch(r"\d{8}", number, re.ASCII):
        return False
    parts = (number[:4], number[4:6], number[6:]), (number[4:], number[2:4], number[:2])
    return any(_exists(*map(int, each)) for each in parts)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        datetime.date(year, month, day)
    except ValueError:
        return False
    return 1950 <= year < 2100


def _is_inside(one: Found, other: Found) -> bool:
    is_shorter = len(one.number) < len(other.number)
    return is_shorter and other.start <= one.start and one.end <= other.end


def _excerpt(content: str, one: Found) -> str:
    """Return the words around a number, in one line."""
    start, end = max(0, one.start - _EXCERPT), one.end + _EXCERPT
    words = " ".join(content[start:end].split())
    return f"{'…' if start else ''}{words}{'…' if end < len(content) else ''}"
