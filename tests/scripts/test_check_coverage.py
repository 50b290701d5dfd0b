"""What the coverage gate lets pass, and what it says where it does not."""

import tomllib
from typing import Any

from scripts import check_coverage


def make_report(percent: float = 97.0, **files: dict[str, Any]) -> dict[str, Any]:
    """Make a report as coverage writes it; `tokens_py` stands for tokens.py."""
    return {
        "totals": {"percent_covered": percent},
        "files": {
            name.replace("_py", ".py"): {"missing_lines": [], "missing_branches": [], **measured}
            for name, measured in files.items()
        },
    }


def find_shortfalls(report: dict[str, Any]) -> list[str]:
    return check_coverage.find_shortfalls(report, least_percent=95, fully_covered=["tokens.py"])


def test_gate_passes_when_all_is_reached() -> None:
    report = make_report(95.0, tokens_py={}, other_py={"missing_lines": [7]})

    assert find_shortfalls(report) == []


def test_gate_names_the_percentage_when_it_is_short() -> None:
    report = make_report(94.996, tokens_py={})

    assert find_shortfalls(report) == ["The product is covered by 94.99 %, not by 95 %."]


def test_gate_names_a_listed_file_that_does_not_exist() -> None:
    report = make_report(other_py={})

    assert find_shortfalls(report) == ["tokens.py is on the strict list, but was not found."]


def test_gate_names_lines_and_branches_of_a_listed_file() -> None:
    gaps = {
        "missing_lines": [12],
        "missing_branches": [[11, 12], [20, 23], [30, -28]],
    }
    report = make_report(tokens_py=gaps)

    assert find_shortfalls(report) == [
        "tokens.py is on the strict list, but tests do not reach line 12, "
        "the branch from line 20 to line 23, the branch from line 30 to the end."
    ]


def test_project_demands_what_the_gate_understands() -> None:
    project = tomllib.loads((check_coverage.ROOT / "pyproject.toml").read_text())
    demanded = project["tool"]["lrm"]["coverage"]

    assert check_coverage.find_shortfalls(make_report(0.0), **demanded)
    assert demanded["least_percent"] >= 95
