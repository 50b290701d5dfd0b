"""Faults of one kind: a query that forgets whose rows it is about.

    pytest -p scripts.mutation -n0 --forget xero_sync/store tests/xero_sync/store

Each condition of a query that names a portal, an organisation or a tenant of Xero's is left out,
one at a time: a keyword of `filter`, `exclude`, `get` or `Q`, and an equation in a text of SQL.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

_OWNER = r"(organisation|portal|tenant)(_id)?"
_KEYWORD = re.compile(rf"(\w+__)?{_OWNER}(__slug|__in|__tenant_id|__portal(_id)?)?$")
_COLUMN = r"(organisation|portal|tenant)_id"
_EQUATION = re.compile(rf"(?:\w+\.)?{_COLUMN} = (?:%s|%\(\w+\)s|\w+\.{_COLUMN})")
_ASKING = {"filter", "exclude", "get", "Q"}


def sources(path: str) -> Iterator[tuple[str, str, int]]:
    """Yield (what is left out, the module's source without it, the line) for each condition."""
    yield from _keywords(path)
    yield from _equations(path)


def modules(under: str) -> list[str]:
    """Return the modules below a folder, or the one that is named."""
    if under.endswith(".py"):
        return [under]
    found = (str(each) for each in Path(under).rglob("*.py"))
    return sorted(each for each in found if "/migrations/" not in each)


def _keywords(path: str) -> Iterator[tuple[str, str, int]]:
    source = Path(path).read_text()
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call) or _name_of(call.func) not in _ASKING:
            continue
        for keyword in call.keywords:
            if keyword.arg is None or not _KEYWORD.match(keyword.arg):
                continue
            start, end = _span(source, keyword)
            rest = source[end:].lstrip()
            wrong = source[:start] + (rest[1:] if rest.startswith(",") else rest)
            yield f"{source[start:end]} -> nothing", wrong, keyword.lineno


def _name_of(function: ast.expr) -> str:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else ""


def _span(source: str, node: ast.keyword) -> tuple[int, int]:
    """Return where a node begins and ends in a source, in characters."""
    lines = source.splitlines(keepends=True)
    ends = [0]
    for line in lines:
        ends.append(ends[-1] + len(line))
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    # Columns are counted in bytes.
    start = ends[first] + len(lines[first].encode()[: node.col_offset].decode())
    return start, ends[last] + len(lines[last].encode()[: node.end_col_offset].decode())


def _equations(path: str) -> Iterator[tuple[str, str, int]]:
    source = Path(path).read_text()
    for found in _EQUATION.finditer(source):
        wrong = f"{source[: found.start()]}({found[0]} OR TRUE){source[found.end() :]}"
        if not is_python(wrong):  # It was an assignment.
            continue
        yield f"{found[0]} -> TRUE", wrong, source[: found.start()].count("\n") + 1


def is_python(source: str) -> bool:
    """Return whether a text is a program."""
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
