"""Draws our extract of Xero's specification: `.venv/bin/python -m scripts.extract_xero_contract`.

Reads the three YAML files in the folder that is named, or in the usual one
(`XERO_OPENAPI_DIR`), and writes tests/contract/xero_contract.json. With `--check` it writes
nothing and exits 1 where the kept extract is not what these files yield.
"""

import argparse
import difflib
import sys
from pathlib import Path

from tests.contract import extract, extraction, specification


def main() -> int:
    """Write or check the extract; return the exit code."""
    parser = argparse.ArgumentParser(prog="extract_xero_contract", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=specification.FOLDER)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if it differs")
    given = parser.parse_args()
    if not specification.is_here(given.folder):
        names = ", ".join(specification.FILES.values())
        sys.stderr.write(f"These files are not all in {given.folder}: {names}\n")
        return 2
    documents = specification.documents(given.folder)
    drawn = extraction.write(extraction.draw(documents)) + "\n"
    if not given.check:
        extract.FILE.write_text(drawn, encoding="utf-8")
        return 0
    kept = extract.FILE.read_text(encoding="utf-8")
    sys.stdout.writelines(
        difflib.unified_diff(
            kept.splitlines(keepends=True), drawn.splitlines(keepends=True), "kept", "drawn"
        )
    )
    return int(kept != drawn)


if __name__ == "__main__":
    sys.exit(main())
