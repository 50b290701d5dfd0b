"""Halving what Xero cannot read: whom it finds, and what it costs."""

import random
from datetime import UTC, datetime

import pytest

from xero_sync.api import errors, responses
from xero_sync.contacts import narrowing


class Answers:
    """A list of Xero's that rejects every filter with one of these in it."""

    def __init__(self, bad: set[int], kind: str = "QueryParseException") -> None:
        self.bad, self.kind, self.asked = bad, kind, list[list[int]]()

    def __call__(self, some: list[int]) -> responses.Page:
        """Answer as Xero does."""
        self.asked.append(some)
        if self.bad & set(some):
            raise errors.Rejected("Xero rejected it.", error_type=self.kind, messages=["No good"])
        return responses.Page(
            elements=[{"n": one} for one in some],
            page_count=None,
            item_count=None,
            page_size=None,
            sent_at=datetime.now(UTC),
            answered_at=None,
            bytes=0,
            headers={},
        )


@pytest.mark.parametrize("count", [0, 1, 2, 7, 50])
@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
def test_those_at_fault_and_no_others_stand_alone_in_the_end(count: int, share: float) -> None:
    things = list(range(count))
    bad = {one for one in things if random.Random(one).random() < share}
    answers = Answers(bad)

    pages, faults = narrowing.ask(things, answers)

    assert faults == dict.fromkeys(sorted(bad), "No good.")
    shown = [one["n"] for page in pages for one in page.elements]
    assert shown == [one for one in things if one not in bad]
    assert len(answers.asked) <= max(2 * count - 1, 0)


def test_what_is_about_no_filter_is_halved_by_nobody() -> None:
    answers = Answers({1}, kind="ValidationException")

    with pytest.raises(errors.Rejected):
        narrowing.ask([1, 2, 3], answers)

    assert len(answers.asked) == 1
