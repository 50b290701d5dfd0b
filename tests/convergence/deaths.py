"""Workers that die inside this process: at one of their statements to the database.

What they had committed stays, and so does their lease. A death between two commits is one at the
statement after the first.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import connection as database


class Killed(BaseException):
    """A worker was killed: nothing of the product may catch it."""


@contextlib.contextmanager
def killed_at(statements: int | None) -> Iterator[None]:
    """Let the block die at one of its statements to the database, if it comes to so many."""
    left = statements

    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        if left is not None:
            left -= 1
            if left < 0:
                left = None
                raise Killed
        return execute(sql, params, many, context)

    with contextlib.suppress(Killed), database.execute_wrapper(count):
        yield
