"""Where in the whole database a text stands, whatever the tables are called."""

from django.db import connection

_COLUMNS = """
SELECT table_name, column_name, data_type FROM information_schema.columns
 WHERE table_schema = 'public'
   AND data_type IN ('text', 'character varying', 'jsonb', 'json', 'bytea', 'tsvector')
"""


def places_of(*texts: str) -> set[str]:
    """Return the `table.column` in which any of the texts stands, without regard to case."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute(_COLUMNS)
        for table, column, kind in cursor.fetchall():
            text_of = f'"{column}"::text'
            if kind == "bytea":
                text_of = f"encode(\"{column}\", 'escape')"
            cursor.execute(
                # The names are the catalogue's own.
                f'SELECT EXISTS (SELECT FROM "{table}" WHERE {text_of} ILIKE ANY(%s))',  # noqa: S608
                [[f"%{text}%" for text in texts]],
            )
            if cursor.fetchone()[0]:
                found.add(f"{table}.{column}")
    return found
