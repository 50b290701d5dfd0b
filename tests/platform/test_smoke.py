"""`make smoke` from end to end, and that it notices what is wrong."""

import os
import re
import subprocess
import sys

import pytest

from lrm.demo import smoke
from tests.support import processes


@pytest.mark.slow
@pytest.mark.timeout(150)
def test_smoke_walks_through_the_whole_product_and_leaves_nothing() -> None:
    inherited = {key: one for key, one in os.environ.items() if not key.startswith("XERO_")}

    done = subprocess.run(
        [sys.executable, "-m", "lrm.demo.smoke"],
        cwd=processes.ROOT,
        env=inherited,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"re-sync asked on the page .+ \d+ documents, verified complete", done.stdout)
    assert re.search(r"report 0442 against the books +\d+ documents equal", done.stdout)
    assert re.search(r"change in Xero by webhook +INV-\d+ paid on the page", done.stdout)
    assert re.search(r"learner to Xero +Quinn Smoketest in the books", done.stdout)


def test_table_keeps_one_line_a_step_when_a_step_says_much() -> None:
    table = smoke.Table()
    table.add("connect", "one two three " * 50, 1.234, ok=False)

    lines = str(table).splitlines()

    assert len(lines) == 3
    assert re.fullmatch(r"connect  one two three .+ …  +1\.2  NO", lines[2])
