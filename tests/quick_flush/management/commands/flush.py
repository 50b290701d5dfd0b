"""Emptying the tables that a test has filled, instead of all of them.

Django truncates every table, which makes new files for each of them and their indexes, and then
writes content types and permissions again. That is a tenth of a second of work after each test
that commits, most of which fill a handful of tables with some hundred rows. To delete these takes
a hundredth of it. Content types and permissions stay, as no test changes them.
"""

from typing import Any

from django.core.management.commands import flush
from django.db import connections, transaction

STAY = {"django_migrations", "django_content_type", "auth_permission"}


class Command(flush.Command):
    """Delete the rows of a test."""

    def handle(self, **options: Any) -> None:
        """Empty all tables but those that stay."""
        connection = connections[options["database"]]
        found = connection.introspection.django_table_names(only_existing=True, include_views=False)
        tables = [connection.ops.quote_name(name) for name in sorted(set(found) - STAY)]
        deletes = "".join(
            # The names are the models' own.
            f"IF EXISTS (SELECT FROM {table}) THEN DELETE FROM {table}; END IF; "  # noqa: S608
            for table in tables
        )
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            # Whoever is still in the midst of a transaction is waited for, as truncating does.
            cursor.execute(f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE")
            # All tables end empty: no key needs proof, row by row, that it points somewhere.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(f"DO $$ BEGIN {deletes} END $$")
