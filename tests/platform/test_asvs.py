"""docs/security.md speaks of every requirement of ASVS 5.0.0 at levels 1 and 2, once."""

import re
from collections import Counter
from pathlib import Path

from tests.support import processes

PAGE = processes.ROOT / "docs" / "security.md"
# Number and level, a line each: 70 of level 1 and 183 more of level 2.
KNOWN = [
    line.split() for line in Path(__file__).with_name("asvs_5_0_0.txt").read_text().splitlines()
]
ROW = re.compile(r"^\| ([\d., to]+) \| (yes|built|partly|no|none here) \| (.*) \|$", re.M)


def numbers(text: str) -> list[str]:
    """Return the numbers of a cell; `1.2.6 to 1.2.8` is three."""
    found = []
    for part in text.split(", "):
        first, _, last = part.partition(" to ")
        head, _, begin = first.rpartition(".")
        end = int(last.rpartition(".")[2]) if last else int(begin)
        found += [f"{head}.{number}" for number in range(int(begin), end + 1)]
    return found


def test_every_requirement_has_one_row() -> None:
    told = Counter(
        number for cell, _, _ in ROW.findall(PAGE.read_text()) for number in numbers(cell)
    )

    assert len(KNOWN) == 253
    assert set(told) ^ {number for number, _ in KNOWN} == set()
    assert [number for number, times in told.items() if times > 1] == []


def test_what_holds_names_its_test_and_what_does_not_says_why() -> None:
    rows = ROW.findall(PAGE.read_text())

    tested = re.compile(r"`test_\w+`|`tests/\S+`|`make lint`|below|`requirements.txt`")
    unshown = [cell for cell, holds, why in rows if holds == "yes" and not tested.search(why)]
    # A setting or a reason in the same section may say it for two rows.
    assert unshown == []
    assert [cell for cell, holds, why in rows if holds != "yes" and len(why) < 4] == []
