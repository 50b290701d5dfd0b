"""Which tests enter which functions of a few modules, so that a fault costs only those.

Every thread of this process counts; other processes, such as a web server that a test starts, are
the tool's to leave alone: no fault reaches them.
"""

import ast
import contextlib
import importlib
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from scripts import swapped_code

# The name in a module of what its functions tell that they are entered.
_TELL = "__entered__"


class Record:
    """What each test entered of the modules at `paths`, and how many seconds it took."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.seconds: dict[str, float] = {}
        self._paths = [one for one in paths if one.endswith(".py")]
        self._entered: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
        self._running = ""

    @contextlib.contextmanager
    def noting(self) -> Iterator[None]:
        """Let the functions of the modules tell that they are entered, in the block."""
        for path in self._paths:
            module = importlib.import_module(swapped_code.name_of(path))
            setattr(module, _TELL, partial(self._note, path))
            swapped_code.put_in(path, _telling(path))
        yield
        for path in self._paths:
            swapped_code.put_in(path, Path(path).read_text())

    @contextlib.contextmanager
    def of(self, test: str) -> Iterator[None]:
        """Note what a test enters; threads that it leaves behind count for the next."""
        self._running = test
        began = time.monotonic()
        yield
        self.seconds[test] = time.monotonic() - began

    def _note(self, path: str, line: int) -> None:
        self._entered[self._running].add((path, line))

    def tests_of(self, path: str, line: int) -> set[str] | None:
        """Return the tests that enter the function at a line; None where any might see it."""
        span = _function_at(path, line)
        if span is None:
            return None
        return {
            test
            for test, entered in self._entered.items()
            if any(where == path and at in span for where, at in entered)
        }


def _telling(path: str) -> str:
    """Return the source of a module, each function of which tells first that it is entered."""
    tree = ast.parse(Path(path).read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body[:0] = ast.parse(f"{_TELL}({node.lineno})").body
    return ast.unparse(tree)


def _function_at(path: str, line: int) -> range | None:
    """Return the lines of the outermost function around a line."""
    if not path.endswith(".py"):
        return None
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            return range(node.lineno, (node.end_lineno or 0) + 1)
    return None
