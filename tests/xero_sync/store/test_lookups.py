"""Documents are looked up by kind and id together, as their index has them.

Without the kind PostgreSQL before 18 reads the whole table for each webhook. 18 skips over the
kinds by itself, so that its plans tell nothing: what is asked is looked at instead.
"""

import re

from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from tests.support import webhook_posts
from tests.support.linked import Linked
from tests.support.xero_documents import open_invoice

# A comparison of a document's own id, also where it is written in Django's way.
_BY_ID = re.compile(
    r'(?:document|invoice|credit|stored|(?<![."\w]))"?\.?"?xero_id"?\s*(?:=|IN)', re.I
)


def lookups(asked: CaptureQueriesContext) -> list[str]:
    """Return the statements that look for documents by their ids."""
    statements = [one["sql"] for one in asked.captured_queries]
    return [
        sql
        for sql in statements
        if "invoices_document" in sql and _BY_ID.search(sql) and "ON CONFLICT" not in sql
    ]


def parts_without_kind(sql: str) -> list[str]:
    """Return the parts of a statement that filter documents by id alone."""
    conditions = re.split(r"\bWHERE\b|\bSELECT\b|\bUPDATE\b|\bLEFT JOIN\b", sql)
    return [part for part in conditions if _BY_ID.search(part) and "kind" not in part]


def test_webhooks_and_sweeps_name_the_kind_of_what_they_look_for(
    linked: Linked, settings: Settings
) -> None:
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS
    linked.sweep()
    invoice_id = open_invoice(linked)
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=invoice_id)
    linked.world.do("touch", tenant=linked.tenant, count=200)

    with CaptureQueriesContext(connection) as asked:
        webhook_posts.deliver(webhook_posts.event(linked, "INVOICE", invoice_id))
        linked.take_events()
        linked.sweep()

    found = lookups(asked)
    assert len(found) >= 3
    assert [part for sql in found for part in parts_without_kind(sql)] == []
