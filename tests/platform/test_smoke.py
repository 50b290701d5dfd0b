"""`make smoke` from end to end, and that it notices what is wrong."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lrm.demo import smoke
from tests.support import processes, waiting


@pytest.fixture
def place() -> Iterator[Path]:
    """Give an empty directory for temporary files, and find it empty when all has ended.

    It lies outside pytest's own, whose paths are too long for sockets.
    """
    path = Path(tempfile.mkdtemp(prefix="lrm-"))
    yield path
    assert waiting.wait_until(lambda: processes.commands_naming(str(path)) == [])
    left = sorted(path.rglob("*"))
    shutil.rmtree(path)
    assert left == []


def run_smoke(place: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `make smoke` to its end, with nothing of Xero in its environment but what is given."""
    inherited = {key: one for key, one in os.environ.items() if not key.startswith("XERO_")}
    return subprocess.run(
        [sys.executable, "-m", "lrm.demo.smoke"],
        cwd=processes.ROOT,
        env={**inherited, "TMPDIR": str(place), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_smoke_walks_through_the_whole_product_and_leaves_nothing(place: Path) -> None:
    done = run_smoke(place)

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"re-sync asked on the page .+ \d+ documents, verified complete", done.stdout)
    assert re.search(r"report 0442 against the books +\d+ documents equal", done.stdout)
    assert re.search(r"change in Xero by webhook +INV-\d+ paid on the page", done.stdout)
    assert re.search(r"learner to Xero +Quinn Smoketest in the books", done.stdout)


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_smoke_ends_with_the_step_that_fails_and_every_log(place: Path) -> None:
    done = run_smoke(place, XERO_SCOPES="offline_access no.such.scope")

    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"sign in +the dashboard, / +[\d.]+  yes", done.stdout)
    assert re.search(r"connect by OAuth2 +PageSurprise: .+  NO", done.stdout)
    assert "re-sync asked on the page" not in done.stdout
    for name in ("simulator", "web", "worker", "worker-bulk", "worker-hooks", "beat"):
        assert f"\n{name}, its last lines:\n" in done.stdout


@pytest.mark.timeout(150)
def test_smoke_says_what_does_not_start_and_leaves_nothing(place: Path) -> None:
    done = run_smoke(place, XERO_SCOPES="openid")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "migrate ended with code 1. Its last lines:" in done.stderr
    assert "XERO_SCOPES lacks offline_access" in done.stderr
    assert "sign in" not in done.stdout


def test_table_keeps_one_line_a_step_when_a_step_says_much() -> None:
    table = smoke.Table()
    table.add("connect", "one two three " * 50, 1.234, ok=False)

    lines = str(table).splitlines()

    assert len(lines) == 3
    assert re.fullmatch(r"connect  one two three .+ …  +1\.2  NO", lines[2])
