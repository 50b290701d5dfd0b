"""The harness runs through every figure, with next to no documents and without judging."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import processes

# A minute or two where nothing else runs. Nothing is judged, so a busy machine may take longer.
SECONDS = 870


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 30)
# Several at a time, since each run makes its tables anew.
@pytest.mark.parametrize("figures", ["P1,P2,P3,P4", "P5,P7,P8,RAW", "P6,P9"])
def test_figures_are_measured_from_end_to_end(figures: str, tmp_path: Path) -> None:
    page = tmp_path / "results.md"

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", figures, "--smoke", "--output", str(page)],
        cwd=processes.ROOT,
        # That figures can be measured proves nothing of the product's lines.
        env=processes.unmeasured(os.environ),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    told = page.read_text()
    assert all(f"| {figure} |" in told for figure in figures.split(","))
    assert "PostgreSQL 18" in told


@pytest.mark.timeout(330)
def test_unknown_figure_is_refused_with_the_ones_there_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "P99"],
        cwd=processes.ROOT,
        env=processes.unmeasured(os.environ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )

    assert done.returncode == 2
    assert "choose from P1, P2" in done.stderr
