"""What PostgreSQL knows of tables that grow from nothing to thousands of rows within seconds.

It plans by what ANALYZE found. Autovacuum looks once a minute or later, and in a first sync tables
are a hundred times larger by then: until it comes, pages and jobs read every document of an
organisation where an index has the few that are asked for. So whoever stores page after page looks
by the way, and analyses what has grown manyfold since anybody did. What changes slowly is
autovacuum's.
"""

import logging

from django.db import DatabaseError, connection, transaction

logger = logging.getLogger(__name__)

_TABLES = (
    *("invoices_document", "invoices_lineitem", "invoices_payment", "invoices_allocation"),
    *("invoices_contact", "invoices_contactlink", "invoices_namednumber"),
    *("invoices_documentsum", "invoices_documentsumchange"),
)
# Pages after which one looks. Not the first: of a table that holds a page or two PostgreSQL learns
# that reading it whole is quick, and does so for the next pages.
_LOOKS = frozenset(8 * 4**n for n in range(12))
# By size, which is known at once; the server's count of changed rows is a second late, or ten.
# A table of so few pages is read whole whatever is known of it.
_GREW = """
    SELECT relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relname = ANY(%s)
      AND pg_relation_size(oid) > 2 * greatest(relpages, 16) * current_setting('block_size')::bigint
    ORDER BY relname
"""
# Of three thousand rows, a tenth of the usual: enough to tell few from many, in a hundredth of a
# second. Autovacuum looks closely, later.
_QUICKLY = "SET LOCAL default_statistics_target = 10"


def keep_up(*, page: int) -> None:
    """Analyse the tables that are more than twice what they were when somebody last did.

    Looks after pages 8, 32, 128 and so on of a list. To be called outside a transaction, for the
    locks of ANALYZE. A table that somebody else is busy with is left to the next time, and one that
    is another role's stays as it is, with a warning of PostgreSQL's. Nothing is read any less for
    want of statistics, so a refusal of PostgreSQL's is logged and no more.

    :param page: the number of the page that was stored, from 1.
    """
    if page not in _LOOKS:
        return
    try:
        with transaction.atomic(durable=True), connection.cursor() as cursor:
            cursor.execute(_QUICKLY)
            cursor.execute(_GREW, [list(_TABLES)])
            for (name,) in cursor.fetchall():
                cursor.execute(f"ANALYZE (SKIP_LOCKED) {connection.ops.quote_name(name)}")
    except DatabaseError as error:
        logger.warning("Tables could not be analysed after page %s: %s", page, error)
