"""The tests' own house: what two test modules need lives in `tests/support`, in neither of them."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.support import processes

PRIVATE = ("test_", "conftest")


def imported(source: str) -> Iterator[str]:
    """Return every dotted name that a module imports, names from modules included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def borrowed(path: Path) -> list[str]:
    """Return what a module takes from test modules and from fixtures' files."""
    return [
        name
        for name in imported(path.read_text())
        if name.startswith("tests.") and any(part.startswith(PRIVATE) for part in name.split("."))
    ]


def test_nothing_is_imported_from_a_test_module() -> None:
    modules = sorted((processes.ROOT / "tests").rglob("*.py"))
    assert len(modules) > 100

    assert {str(path): names for path in modules if (names := borrowed(path))} == {}
