"""Which tests enter which functions of a few modules, so that a fault costs only those.

Every thread of this process counts; other processes, such as a web server that a test starts, are
the tool's to leave alone: no fault reaches them.
"""

import ast
import contextlib
import sys
import threading
import time
import types
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


class Record:
    """What each test entered of the modules at `paths`, and how many seconds it took."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.seconds: dict[str, float] = {}
        self._paths = {str(Path(one).resolve()): one for one in paths}
        self._entered: defaultdict[str, set[tuple[str, int]]] = defaultdict(set)
        self._running = ""

    @contextlib.contextmanager
    def of(self, test: str) -> Iterator[None]:
        """Note what is entered while a test runs; threads that it leaves behind count on."""
        self._running = test
        began = time.monotonic()
        sys.settrace(self._note)
        threading.settrace(self._note)
        try:
            yield
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type] # as its documentation has it
        self.seconds[test] = time.monotonic() - began

    def _note(self, frame: types.FrameType, _event: str, _argument: Any) -> None:
        code = frame.f_code
        if (path := self._paths.get(code.co_filename)) is not None:
            self._entered[self._running].add((path, code.co_firstlineno))

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


def _function_at(path: str, line: int) -> range | None:
    """Return the lines of the outermost function around a line, its decorators too."""
    if not path.endswith(".py"):
        return None
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.FunctionDef) and node.lineno <= line <= (node.end_lineno or 0):
            first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            return range(first, (node.end_lineno or 0) + 1)
    return None
