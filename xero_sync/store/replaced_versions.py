"""Keeping what a page replaces: one more INSERT in the statement that writes it.

The parts of one statement of PostgreSQL see the tables as they were when it began. So the rows that
it has just updated are joined with what they were, and those whose content differs are kept.
Nothing is read for a document that is new or unchanged.

Whoever waited for another writer's lock replaces a row that it does not see: that writer's. A
document therefore tells the digest of the version before it, and where that is not what was seen,
nobody has kept that version yet: the statement must be undone and tried once more.
"""

# `written` is what an upsert of documents returns.
TABLE = "invoices_documentversion"
RETURNING = "stored.digest, stored.previous_digest"
CHANGES = "previous_digest = stored.digest"


class Overtaken(Exception):
    """Another writer replaced a document while this one waited, and its version is not kept.

    Whoever wrote rolls back to where the page began and writes it once more.
    """


def keeping(upsert: str) -> str:
    """Return the statement that upserts documents and keeps what it replaces.

    It takes two parameters more, when and by what the versions were replaced, and tells of each
    written row whether the version that it replaced could not be kept.

    :param upsert: returns `xero_id`, `id`, `is_new`, `amount` and `RETURNING`.
    """
    return f"""
        WITH written AS ({upsert}),
        kept AS (
            INSERT INTO {TABLE} (document_id, raw, digest, updated_at, read_at, stored_at,
                                 replaced_at, replaced_by)
            SELECT before.id, before.raw, before.digest, before.updated_at, before.read_at,
                   before.synced_at, %s, %s
              FROM written
              JOIN invoices_document before
                ON before.id = written.id AND before.digest = written.previous_digest
             WHERE NOT written.is_new AND written.previous_digest <> written.digest
            RETURNING document_id
        )
        SELECT xero_id::text, id, is_new, amount,
               NOT is_new AND previous_digest <> digest
               AND id NOT IN (SELECT document_id FROM kept)
          FROM written
        """  # noqa: S608 - names from above and the caller's own statement
