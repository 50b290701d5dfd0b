"""The harness runs through every figure, with next to no documents and without judging."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import processes

# Half a minute where nothing else runs; nothing is judged here, so a busy machine may take longer.
SECONDS = 870


@pytest.mark.slow
@pytest.mark.timeout(SECONDS + 30)
@pytest.mark.parametrize("figure", ["P1", "P2", "P3", "P4", "P5", "P7", "P8", "RAW"])
def test_figure_is_measured_from_end_to_end(figure: str, tmp_path: Path) -> None:
    page = tmp_path / "results.md"

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", figure, "--smoke", "--output", str(page)],
        cwd=processes.ROOT,
        # That figures can be measured proves nothing of the product's lines.
        env=processes.unmeasured(os.environ),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"| {figure} |" in page.read_text()
    assert "PostgreSQL 18" in page.read_text()


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
