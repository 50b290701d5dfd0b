"""Giving a module that is in use the code of another source, so that every caller runs it at once.

What is reached are the bodies of functions and the values of the module; the body of a class, a
decorator and a default of an argument stay as they are.
"""

import ast
import importlib
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def name_of(path: str) -> str:
    """Return the name under which a module is imported."""
    return path.removesuffix(".py").replace("/", ".")


def put_in(path: str, source: str) -> None:
    """Give a module the functions of another source, and the values that are other than its own."""
    if not path.endswith(".py"):
        _put_in_script(path, source)
        return
    module = importlib.import_module(name_of(path))
    right = ast.parse(Path(path).read_text())
    wrong = ast.parse(source)
    codes = dict(_codes(compile(source, path, "exec"), ""))
    for value in vars(module).values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()
    for name, code in codes.items():
        function = _function(module, name)
        if function is not None:
            function.__code__ = code
    same = {ast.dump(each) for each in right.body}
    for each in wrong.body:
        if isinstance(each, ast.Assign | ast.AnnAssign) and ast.dump(each) not in same:
            exec(compile(ast.Module([each], []), path, "exec"), module.__dict__)  # noqa: S102 - it is our own source


def _put_in_script(path: str, source: str) -> None:
    """Give the other text to whichever module has read the script."""
    right = Path(path).read_text()
    for module in list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if isinstance(value, str) and value == right:
                setattr(module, name, source)


def _codes(code: types.CodeType, within: str) -> Iterator[tuple[str, types.CodeType]]:
    for each in code.co_consts:
        if isinstance(each, types.CodeType) and not each.co_name.startswith("<"):
            name = f"{within}{each.co_name}"
            yield name, each
            yield from _codes(each, f"{name}.")


def _function(module: types.ModuleType, name: str) -> Any:
    """Return the function under a name, below whatever decorates it."""
    found: Any = module
    for part in name.split("."):
        found = vars(found).get(part) if hasattr(found, "__dict__") else None
    while found is not None and not isinstance(found, types.FunctionType):
        found = (
            getattr(found, "__wrapped__", None)
            or getattr(found, "fget", None)
            or getattr(found, "func", None)
            or getattr(found, "__func__", None)
        )
    while found is not None and hasattr(found, "__wrapped__"):
        found = found.__wrapped__
    return found
