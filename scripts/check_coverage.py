"""Hold what the tests reached against what pyproject.toml asks for: `[tool.lrm.coverage]`.

Reads coverage's report in JSON from standard input. Exits 1 with one line for each shortfall: the
whole product below its least percentage, or a file of the strict list that is not reached fully.
A listed file that does not exist is a shortfall too, so that a renamed one is never forgotten.
"""

import json
import math
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def find_shortfalls(
    report: dict[str, Any], *, least_percent: float, fully_covered: list[str]
) -> list[str]:
    """Return a sentence for everything that the report lacks."""
    shortfalls = []
    percent = report["totals"]["percent_covered"]
    if percent < least_percent:
        # Cut, not rounded: 94.996 is not yet 95.
        shown = math.floor(percent * 100) / 100
        shortfalls.append(f"The product is covered by {shown:.2f} %, not by {least_percent} %.")
    for path in fully_covered:
        measured = report["files"].get(path)
        if measured is None:
            shortfalls.append(f"{path} is on the strict list, but was not found.")
        elif gaps := _describe_gaps(measured):
            shortfalls.append(f"{path} is on the strict list, but tests do not reach {gaps}.")
    return shortfalls


def _describe_gaps(measured: dict[str, Any]) -> str:
    """Return the lines and the branches that no test reached, in words; empty where there is none.

    Coverage writes a branch as the line it leaves and the line it reaches; a line below zero is
    the way out of the function.
    """
    lines = [f"line {line}" for line in measured["missing_lines"]]
    branches = [
        f"the branch from line {origin} to {f'line {target}' if target > 0 else 'the end'}"
        for origin, target in measured["missing_branches"]
        if origin not in measured["missing_lines"] and target not in measured["missing_lines"]
    ]
    return ", ".join(lines + branches)


def main() -> int:
    """Judge the report; return the exit code."""
    demanded = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["lrm"]["coverage"]
    report = json.load(sys.stdin)
    sys.stdout.write(f"Branch coverage: {report['totals']['percent_covered']:.2f} %\n")
    shortfalls = find_shortfalls(report, **demanded)
    sys.stdout.writelines(f"{shortfall}\n" for shortfall in shortfalls)
    return 1 if shortfalls else 0


if __name__ == "__main__":
    sys.exit(main())
