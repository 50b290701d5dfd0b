"""What several processes counted is added up, also of one that did not come to its end."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import tally

_COUNTS = """
from tests.support.tally import DEATH, FAULT, LOST, PLAYED, tally
tally.count(f"{PLAYED}examples", 20)
tally.count(f"{FAULT}reply lost", 3)
tally.count(f"{DEATH}worker")
tally.count(LOST, %d)
tally.save()
import os
os._exit(9)
"""


def count_in_a_process(folder: Path, *, lost: int) -> None:
    """Let a process count, and die."""
    environment = {**os.environ, tally.FOLDER: str(folder)}
    died = subprocess.run([sys.executable, "-c", _COUNTS % lost], env=environment, check=False)
    assert died.returncode == 9


@pytest.mark.parametrize(("lost", "words"), [(0, "nothing  lost"), (2, "2  lost")])
def test_counts_of_processes_are_added_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], lost: int, words: str
) -> None:
    count_in_a_process(tmp_path, lost=0)
    count_in_a_process(tmp_path, lost=lost)

    code = tally.main(str(tmp_path))

    told = capsys.readouterr().out
    assert code == bool(lost)
    assert "40  played in all" in told
    assert "6  went wrong on purpose, in 1 ways" in told
    assert "2  deaths" in told
    assert words in told


def test_run_in_which_nothing_was_counted_is_no_good_run(tmp_path: Path) -> None:
    assert tally.main(str(tmp_path)) == 1
