"""Mutation testing of a few modules: small faults put in one by one, each of which a test must see.

    pytest -p scripts.mutation -n0 --mutate connected_apps/oauth/tokens.py tests/connected_apps
    pytest -p scripts.mutation -n0 --mutate lrm/sealed_values.py:43-70 tests/connected_apps
    pytest -p scripts.mutation -n0 --faults faults.json tests/xero_sync
    pytest -p scripts.mutation -n0 --forget xero_sync/store tests/xero_sync/store

The tests run once as they are. Then a child is forked for each fault: the functions in it get the
faulty code, and it runs the tests up to the first that fails, the quick ones before the slow ones,
and only those that enter the function that the fault is in. Django, the database and whatever the
tests share are set up once, so that a fault costs a second or two. (mutmut and cosmic-ray begin a
process for each, which takes longer than most of these tests.) Tests that saw a fault must pass in
such a child without one. Who survives is listed at the end.

A file of faults is a list of {"module": path, "old": text, "new": text, "tests": words of a test's
id}; a fault that is drawn flips a comparison, an `and`, a `not`, a number or a condition. A script
that a module has read (`rate_limiter.lua`) is a module here, too. What `--forget` leaves out says
`forgotten_owners`.

Faults that leave the same program stand in `mutation_survivors.toml` with the reason; who survives
without one makes the run fail.
"""

import ast
import copy
import json
import os
import re
import signal
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts import entered_functions, forgotten_owners, swapped_code

# For the tests of one fault, on top of what they take without one, three times over. One that loops
# for ever is noticed, too.
_SECONDS, _TIMES = 60, 3
_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}
# What is flipped in a script, where blanks stand around it.
_IN_SCRIPTS = {
    "<": "<=",
    "<=": "<",
    ">": ">=",
    ">=": ">",
    "==": "~=",
    "~=": "==",
    "and": "or",
    "or": "and",
    "+": "-",
    "-": "+",
    "*": "/",
    "not": "not not",
}
_SURVIVORS = Path(__file__).with_name("mutation_survivors.toml")
_COUNTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
}


@dataclass(frozen=True)
class Fault:
    """A fault: where, what it is, the module's whole source with it, and which tests see it."""

    path: str
    what: str
    source: str
    tests: str = ""
    line: int = 0

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.what}"

    @property
    def excuse(self) -> str:
        """Why it may survive; empty where nobody has said so."""
        code = Path(self.path).read_text().splitlines()[self.line - 1].strip()
        mine = {"module": self.path, "line": code, "fault": self.what}
        excused = tomllib.loads(_SURVIVORS.read_text())["survivor"]
        return next((one["why"] for one in excused if mine.items() <= one.items()), "")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    parser.addoption("--mutate", action="append", default=[], help="a module, or module:first-last")
    parser.addoption("--faults", default="", help="a file of faults")
    parser.addoption("--forget", action="append", default=[], help="a folder whose queries forget")
    parser.addoption("--every", type=int, default=1, help="only each so-many-th fault")


def _drawn_at(place: str) -> Iterator[Fault]:
    """Yield the faults of a module, or, of `module:first-last`, those of these lines."""
    path, _, lines = place.partition(":")
    first, _, last = lines.partition("-")
    for fault in drawn(path):
        if not lines or int(first) <= fault.line <= int(last or first):
            yield fault


def drawn(path: str) -> Iterator[Fault]:
    """Yield a fault for each place of a module that has one."""
    if not path.endswith(".py"):
        yield from _drawn_in_script(path)
        return
    tree = ast.parse(Path(path).read_text())
    reached = set(_reached(tree))
    places = [
        at
        for at, node in enumerate(ast.walk(tree))
        if id(node) in reached and _flipped(node) is not None
    ]
    for at in places:
        changed = copy.deepcopy(tree)
        node = list(ast.walk(changed))[at]
        before = ast.unparse(node)
        flip = _flipped(node) or {}
        for name, value in flip.items():
            setattr(node, name, value)
        line = getattr(node, "lineno", 0)
        yield Fault(path, f"{before} -> {ast.unparse(node)}", ast.unparse(changed), "", line)


def _drawn_in_script(path: str) -> Iterator[Fault]:
    """Yield a fault for each operator and number of a script, comments left out."""
    lines = Path(path).read_text().splitlines(keepends=True)
    words = "|".join(re.escape(one) for one in sorted(_IN_SCRIPTS, key=len, reverse=True))
    for at, line in enumerate(lines):
        code = line.partition("--")[0]
        for found in re.finditer(rf"(?<=\s)({words})(?=\s)|\b\d+\b", code):
            old = found[0]
            new = _IN_SCRIPTS[old] if old in _IN_SCRIPTS else str(int(old) + 1)
            wrong = line[: found.start()] + new + line[found.end() :]
            source = "".join([*lines[:at], wrong, *lines[at + 1 :]])
            yield Fault(path, f"{line.strip()} -> {wrong.strip()}", source, "", at + 1)


def _reached(tree: ast.Module) -> Iterator[int]:
    """Yield what `swapped_code` can change: bodies of functions, and values of the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            yield from (id(each) for part in node.body for each in ast.walk(part))
    for part in tree.body:
        if isinstance(part, ast.Assign | ast.AnnAssign) and part.value is not None:
            yield from map(id, ast.walk(part.value))


def _flipped(node: ast.AST) -> dict[str, Any] | None:
    """Return what to change of a node; None where it is left alone."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return {"ops": [_COMPARED[type(node.ops[0])]()]}
    if isinstance(node, ast.BoolOp):
        return {"op": ast.Or() if isinstance(node.op, ast.And) else ast.And()}
    if isinstance(node, ast.BinOp) and type(node.op) in _COUNTED:
        return {"op": _COUNTED[type(node.op)]()}
    if isinstance(node, ast.If | ast.IfExp) and not isinstance(node.test, ast.Compare):
        return {"test": ast.UnaryOp(ast.Not(), node.test)}
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float):
        changed = not node.value if isinstance(node.value, bool) else node.value + 1
        return {"value": changed}
    if isinstance(node, ast.Return) and node.value is not None and _is_call(node.value):
        return {"value": ast.Constant(None)}
    if isinstance(node, ast.Expr) and _is_call(node.value):
        return {"value": ast.Constant(None)}
    return None


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call)


def told(path: str) -> Iterator[Fault]:
    """Yield the faults of a file."""
    for one in json.loads(Path(path).read_text()):
        source = Path(one["module"]).read_text()
        if one["old"] not in source:
            raise pytest.UsageError(f"{one['module']} has no {one['old']!r}")
        changed = source.replace(one["old"], one["new"], 1)
        if not forgotten_owners.is_python(changed):
            raise pytest.UsageError(f"{one['module']} is no program with {one['new']!r}")
        what = f"{one['old'].strip()} -> {one['new'].strip()}"
        line = source[: source.index(one["old"])].count("\n") + 1
        yield Fault(one["module"], what, changed, one.get("tests", ""), line)


def forgetting(under: str) -> Iterator[Fault]:
    """Yield a fault for each condition of a folder's queries that says whose rows they are."""
    for path in forgotten_owners.modules(under):
        for what, source, line in forgotten_owners.sources(path):
            yield Fault(path, what, source, "", line)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run the tests once, then again for each fault."""
    config = session.config
    faults = [fault for place in config.option.mutate for fault in _drawn_at(place)]
    faults += list(told(config.option.faults)) if config.option.faults else []
    faults += [fault for under in config.option.forget for fault in forgetting(under)]
    if not faults:
        return None
    chosen = faults[:: config.option.every]
    _refuse_unseen(session, chosen)
    record = entered_functions.Record({fault.path for fault in chosen})
    with record.noting():
        for item, following in _followed(session.items, session):
            with record.of(item.nodeid):
                config.hook.pytest_runtest_protocol(item=item, nextitem=following)
    if session.testsfailed:
        print("\nThe tests fail without any fault")  # noqa: T201 - this is its answer
        return True
    _close_connections()
    seeing: set[str] = set()
    survivors = [
        fault for fault in chosen if not fault.excuse and _survives(session, fault, record, seeing)
    ]
    excused = [fault for fault in chosen if fault.excuse]
    print(  # noqa: T201 - this is its answer
        f"\n{len(chosen)} faults, {len(excused)} of them the same program,"
        f" {len(survivors)} survive:"
    )
    for fault in survivors:
        print(f"  {fault}")  # noqa: T201 - this is its answer
    again = [item for item in session.items if item.nodeid in seeing]
    if again and (name := _first_to_fail(session, None, again, record)):
        print(f"\nIt proves nothing, since it fails without a fault, too: {name}")  # noqa: T201 - its answer
        session.testsfailed += 1
    # Not before: a child that begins with a failure takes it for its own.
    session.testsfailed += len(survivors)
    return True


def _refuse_unseen(session: pytest.Session, faults: list[Fault]) -> None:
    """Refuse what would run no test at all, and so tell nothing.

    :raises pytest.UsageError: no test has the words that a fault names, or all is one test.
    """
    if len(session.items) < 2:
        raise pytest.UsageError("One test alone cannot keep what tests share")
    names = [item.nodeid for item in session.items]
    for fault in faults:
        if not any(fault.tests in name for name in names):
            raise pytest.UsageError(f"{fault}: no test here has {fault.tests!r} in its name")


def _followed(
    items: list[pytest.Item], session: pytest.Session
) -> Iterator[tuple[pytest.Item, pytest.Item]]:
    """Yield tests with who comes next: never nobody, which would take down what tests share."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        other = session.items[0] if item is not session.items[0] else session.items[-1]
        yield item, following or other


def _close_connections() -> None:
    from django.conf import settings
    from django.db import connections

    if settings.configured:
        connections.close_all()


def _survives(
    session: pytest.Session, fault: Fault, record: entered_functions.Record, seeing: set[str]
) -> bool:
    """Run the tests with a fault in a child; return whether none of them fails.

    :param seeing: the tests that saw a fault, to which the first that fails is added.
    """
    entering = record.tests_of(fault.path, fault.line)
    items = [
        one
        for one in sorted(session.items, key=lambda one: record.seconds[one.nodeid])
        if fault.tests in one.nodeid and (entering is None or one.nodeid in entering)
    ]
    by = _first_to_fail(session, fault, items, record) if items else ""
    seeing.add(by)
    verdict = "seen" if by else f"survives {len(items)} tests"
    print(f"\n{verdict}: {fault}{by and f'  by {by}'}", flush=True)  # noqa: T201 - this is its answer
    return not by


def _first_to_fail(
    session: pytest.Session,
    fault: Fault | None,
    items: list[pytest.Item],
    record: entered_functions.Record,
) -> str:
    """Run tests in a child, with a fault if one is given; return which fails, or how it ended."""
    sys.stdout.flush()
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.write(writing, _run(session, fault, items).encode())
        os._exit(0)
    os.close(writing)
    seconds = _SECONDS + _TIMES * sum(record.seconds[one.nodeid] for one in items)
    code = _code_of(pid, seconds)
    with os.fdopen(reading) as told:
        return told.read() if code == 0 else f"the end of its process ({code})"


def _code_of(pid: int, seconds: float) -> int:
    """Wait for a child, and end it where it takes too long."""
    ends = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > ends:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def _run(session: pytest.Session, fault: Fault | None, items: list[pytest.Item]) -> str:
    """Run tests up to the first that fails; return its name, or what stopped them."""
    try:
        if fault is not None:
            swapped_code.put_in(fault.path, fault.source)
        # The test that ran last expected another one after it.
        session._setupstate.teardown_exact(items[0])
        for item, following in _followed(items, session):
            session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return item.nodeid
    except BaseException as error:
        return type(error).__name__
    finally:
        sys.stdout.flush()
    return ""
