"""The database of a figure for parts that need no Django, which takes a second to start."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
from psycopg2.extensions import cursor


@contextmanager
def opened() -> Iterator[cursor]:
    """Give a cursor that commits by itself."""
    with closing(psycopg2.connect(os.environ["DATABASE_URL"])) as connection:
        connection.autocommit = True
        with connection.cursor() as opened_cursor:
            yield opened_cursor
