"""`count_rows TABLE`: how many rows a table has."""

import json
import sys

from psycopg2 import sql

from benchmarks.parts import database


def main(table: str) -> None:
    """Print the count of a table's rows."""
    with database.opened() as cursor:
        cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
        found = cursor.fetchone()
    print(json.dumps({"rows": found[0] if found else 0}))


if __name__ == "__main__":
    main(sys.argv[1])
