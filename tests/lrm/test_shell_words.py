"""Small words that pages of every app share."""

import pytest

from lrm.templatetags import shell


@pytest.mark.parametrize(
    ("people", "words"),
    [(["A"], "A"), (["A", "B"], "A or B"), (["A", "B", "C"], "A, B or C")],
)
def test_people_of_whom_any_will_do_are_alternatives(people: list[str], words: str) -> None:
    assert shell.alternatives(people) == words
