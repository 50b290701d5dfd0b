"""What a figure says of itself, and when it says that a target is missed."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from benchmarks import machine, p2, p3, results


def test_row_that_misses_its_target_fails_the_whole_table() -> None:
    good = results.at_least("P1", "a", "10", "2", ratio=5.0, target=5.0)
    bad = results.at_most("P2", "b", "11", "10", ratio=1.1, target=1.02)
    told = results.Row("P2", "c", "just so")

    assert results.all_met([good, told])
    assert not results.all_met([good, told, bad])


def test_tables_show_every_cell() -> None:
    rows = [results.at_least("P1", "speed | all", "9/s", "3/s", ratio=3.0, target=5.0)]

    assert results.markdown_table(rows).splitlines()[2] == (
        "| P1 | speed / all | 9/s | 3/s | 3.00 | >= 5 | NO |"
    )
    assert "NO" in results.text_table(rows).splitlines()[2]


def test_figures_that_were_not_measured_keep_their_rows_and_their_day() -> None:
    first = [results.Row("P1", "speed", "9/s"), results.Row("P2", "calls", "106")]
    page = "\n".join(["- P1: on a Monday", "- 2 cores", results.markdown_table(first)])

    again = results.markdown_table(
        [results.Row("P2", "calls", "104")], kept=results.kept_rows(page, ["P1"])
    )

    assert [line.split(" | ")[:3] for line in again.splitlines()[2:]] == [
        ["| P1", "speed", "9/s"],
        ["| P2", "calls", "104"],
    ]
    notes = results.in_order(["- 2 cores", "- P2: today"], results.kept_notes(page, ["P1"]))
    assert notes == ["- 2 cores", "- P1: on a Monday", "- P2: today"]


def test_contenders_take_turns() -> None:
    order: list[str] = []

    def contender(name: str, figure: float) -> Callable[[], float]:
        def run() -> float:
            order.append(name)
            return figure

        return run

    seen = results.interleaved(
        2, {"ours": contender("ours", 1.0), "other": contender("other", 2.0)}
    )

    assert order == ["ours", "other", "ours", "other"]
    assert seen == {"ours": [1.0, 1.0], "other": [2.0, 2.0]}


def test_ratio_is_the_median_over_rounds_not_of_medians() -> None:
    assert results.median_ratio([10, 90, 30], [1, 10, 2]) == 10


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.0, 1)])
def test_percentile_is_the_nearest_rank(share: float, value: int) -> None:
    assert results.percentile(list(range(100, 0, -1)), share) == value


def test_fewest_pages_are_rounded_up_kind_by_kind() -> None:
    assert p2.pages_of({"INVOICE": 1001, "CREDIT_NOTE": 1000, "PREPAYMENT": 0}) == 3


@pytest.mark.parametrize(
    ("calls", "seconds"), [(1, 0), (50, 0), (51, 55), (57, 55), (58, 60), (100, 60), (106, 110)]
)
def test_fastest_re_sync_takes_what_is_its_own_at_once_and_borrows_for_five_seconds(
    calls: int, seconds: float
) -> None:
    assert p3.fastest(calls) == seconds


def test_processor_time_of_a_process_holds_that_of_its_children_that_ended_too() -> None:
    before = machine.processor_seconds(os.getpid())
    work = "import time\nwhile time.process_time() < 0.3: pass"

    subprocess.run([sys.executable, "-c", work], check=True, timeout=60)

    assert machine.processor_seconds(os.getpid()) - before >= 0.25
    assert machine.parent_of(os.getpid()) == os.getppid()
