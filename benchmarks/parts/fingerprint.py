"""`fingerprint`: one digest of every document stored, with its lines, payments and allocations.

Left out are our own ids and the moments at which we read and wrote.
"""

import json

from benchmarks.parts import database

_OURS = "{id,document_id,organisation_id,read_at,first_synced_at,synced_at}"
_CHILDREN = ("invoices_lineitem", "invoices_payment", "invoices_allocation")


def main() -> None:
    """Let PostgreSQL put all rows in order and digest them."""
    # Each row is digested first: all of them together may be more text than PostgreSQL can hold.
    queries = [
        f"SELECT md5((to_jsonb(d) - '{_OURS}'::text[])::text) FROM invoices_document d"  # noqa: S608 - a constant
    ]
    queries += [
        f"SELECT md5(d.xero_id || (to_jsonb(c) - '{_OURS}'::text[])::text)"  # noqa: S608 - constants
        f" FROM {table} c JOIN invoices_document d ON d.id = c.document_id"
        for table in _CHILDREN
    ]
    told = []
    with database.opened() as cursor:
        for query in queries:
            cursor.execute(
                f"SELECT count(*), md5(string_agg(one, '' ORDER BY one))"  # noqa: S608 - from above
                f" FROM ({query}) AS x(one)"
            )
            told.append(cursor.fetchone())
    print(json.dumps({"fingerprint": told}))


if __name__ == "__main__":
    main()
