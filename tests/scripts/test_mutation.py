"""The tool that puts faults in: what it calls seen, what survives, and what tells nothing."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support import processes

PYTEST = (sys.executable, "-m", "pytest", "-p", "scripts.mutation", "-p", "no:randomly")
MODULE = """
def larger(one, other):
    return one if one > other else other


def untested(number):
    return number + 1
"""
TESTS = """
import made_up


def test_larger_of_two_is_found():
    assert made_up.larger(1, 2) == 2


def test_larger_of_two_is_found_the_other_way_round():
    assert made_up.larger(2, 1) == 2
"""
ONCE_ONLY = """

TIMES = []


def test_larger_is_found_only_once():
    TIMES.append(made_up.larger(1, 1))
    assert len(TIMES) == 1
"""

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run the tool on a module of its own; return how it ended, and what it said."""

    def run_with(*options: str, tests: str = TESTS) -> tuple[int, str]:
        (tmp_path / "made_up.py").write_text(MODULE)
        (tmp_path / "test_made_up.py").write_text(tests)
        ended = subprocess.run(
            [*PYTEST, *options, "test_made_up.py"],
            cwd=tmp_path,
            env={"PYTHONPATH": f"{processes.ROOT}:{tmp_path}", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout + ended.stderr

    return run_with


def a_fault(tmp_path: Path, *others: dict[str, str], **fields: str) -> str:
    """Write down a fault of the module, and others, and return the file's name."""
    fault = {"module": "made_up.py", "old": "one > other", "new": "one < other"}
    faults = [{**fault, **each} for each in (fields, *others)]
    (tmp_path / "faults.json").write_text(json.dumps(faults))
    return "faults.json"


def test_fault_is_seen_where_a_test_fails_and_survives_where_none_enters_it(run: Run) -> None:
    code, said = run("--mutate", "made_up.py")

    assert code != 0
    # Two that are equal are never compared, and nobody asks for the other function.
    assert "survives 2 tests: made_up.py:3: one > other -> one >= other" in said
    assert "survives 0 tests: made_up.py:7: number + 1 -> number - 1" in said
    assert "3 faults, 0 of them the same program, 3 survive" in said


def test_fault_that_a_test_sees_is_no_failure(run: Run, tmp_path: Path) -> None:
    code, said = run("--faults", a_fault(tmp_path, tests="larger_of_two"))

    assert "seen: made_up.py:3: one > other -> one < other" in said
    assert (code, "1 faults, 0 of them the same program, 0 survive" in said) == (0, True)


def test_test_that_saw_a_fault_counts_where_another_survives(run: Run, tmp_path: Path) -> None:
    code, said = run("--faults", a_fault(tmp_path, {"new": "one >= other"}))

    assert code != 0
    assert "2 faults, 0 of them the same program, 1 survive" in said
    assert "proves nothing" not in said


def test_fault_whose_tests_are_not_there_is_refused(run: Run, tmp_path: Path) -> None:
    code, said = run("--faults", a_fault(tmp_path, tests="smaller_of_two"))

    assert code != 0
    assert "no test here has 'smaller_of_two' in its name" in said


def test_fault_that_is_no_program_is_refused(run: Run, tmp_path: Path) -> None:
    code, said = run("--faults", a_fault(tmp_path, new="one <"))

    assert code != 0
    assert "is no program with 'one <'" in said


def test_test_that_fails_when_it_runs_again_proves_nothing(run: Run, tmp_path: Path) -> None:
    fault = a_fault(tmp_path, tests="only_once", new="one >= other")

    code, said = run("--faults", fault, tests=TESTS + ONCE_ONLY)

    assert code != 0
    assert "fails without a fault, too: test_made_up.py::test_larger_is_found_only_once" in said
