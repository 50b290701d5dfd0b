"""Several queries that see one moment, so that nothing they tell is put together from two.

As a rule each statement of PostgreSQL sees what was committed before it began. Where one statement
says what is left out of another, such as what a merge in Xero withholds from a learner, a commit
between the two would show it. Within a transaction that is repeatable, all see what the first saw.

Writers do not wait for it, nor it for them, and a pooler in transaction mode keeps to one
connection while it lasts: so nothing is waited for inside one, such as Xero or who downloads.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

_ONE_MOMENT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"


@contextmanager
def one_moment() -> Iterator[None]:
    """Let all queries of a block, or of the function that this decorates, see one moment.

    They can only read. Inside another such block they see its moment; inside any other transaction
    they see what that one sees, because it has begun already.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ONE_MOMENT)
        yield
