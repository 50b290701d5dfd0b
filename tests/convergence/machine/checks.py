"""What must hold after every turn, however much of Xero is not known here yet.

Told from Xero's books and from rows read without the product's own queries.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection as database

from tests.convergence import books
from tests.convergence.identities.sides import Side
from tests.convergence.machine.stage import Stage
from xero_sync.api import rate_limiter

_CROSSING = """
    SELECT 'a link' FROM invoices_contactlink link
      JOIN lrm_learner learner ON learner.id = link.learner_id
      JOIN connected_apps_organisation mine ON mine.id = link.organisation_id
     WHERE mine.portal_id <> learner.portal_id
    UNION ALL
    SELECT 'a run' FROM xero_sync_syncrun run
      JOIN connected_apps_organisation mine ON mine.id = run.organisation_id
     WHERE mine.portal_id <> run.portal_id
    UNION ALL
    SELECT 'an event' FROM xero_sync_event event
      JOIN connected_apps_organisation mine ON mine.id = event.organisation_id
     WHERE mine.tenant_id <> event.tenant_id
    UNION ALL
    SELECT 'a connection' FROM connected_apps_connection connection
      JOIN connected_apps_organisation mine ON mine.id = connection.organisation_id
     WHERE mine.portal_id <> connection.portal_id
"""
# As Xero sent it, read by PostgreSQL and not by the mapping.
_MONEY = """
    SELECT kind, xero_id::text, total, amount_due, raw->>'Total',
           coalesce(raw->>'RemainingCredit', raw->>'AmountDue')
      FROM invoices_document
     WHERE total IS DISTINCT FROM coalesce((raw->>'Total')::numeric, 0)
        OR amount_due IS DISTINCT FROM coalesce(
           (CASE WHEN kind = 'INVOICE' THEN raw->>'AmountDue' ELSE raw->>'RemainingCredit' END
           )::numeric, 0)
"""
_LINKED = """
    SELECT DISTINCT document.number FROM invoices_document document
      JOIN invoices_contactlink link USING (organisation_id, contact_xero_id)
     WHERE link.learner_id = %s
"""
_PROVEN = """
    SELECT resource, count_in_xero FROM xero_sync_cursor
     WHERE counted_at = %s AND count_in_xero = count_here AND coalesce(count_unknown, 0) = 0
"""
_KNOWN = "SELECT xero_id::text, updated_at FROM invoices_{} WHERE organisation_id = %s"


class Checks:
    """The checks of one example, and what they remember of it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        # What was taken away or altered here on purpose, until it is whole again.
        self.harmed: set[str] = set()
        self._reached: dict[tuple[int, str], datetime | None] = {}
        # From where each cursor began: what is older, the first sync has to bring.
        self._floor: dict[tuple[int, str], datetime | None] = {}
        self._shaped: tuple[dict[str, Any], books.Rows] | None = None

    def all(self) -> None:
        """Check everything but the pages.

        :raises AssertionError: something does not hold.
        """
        self.nothing_crosses()
        self.money_agrees_with_raw()
        self.what_checkpoints_claim_is_here()
        self.every_call_is_over()

    def nothing_crosses(self) -> None:
        """No row of one portal points into another."""
        found = _rows(_CROSSING)
        assert not found, f"{found[0][0]} crosses portals"

    def money_agrees_with_raw(self) -> None:
        """What is stored of a document is what Xero sent."""
        wrong = [row for row in _rows(_MONEY) if row[1] not in self.harmed]
        assert not wrong, f"Money is not what Xero sent: {wrong[0]}"

    def what_checkpoints_claim_is_here(self) -> None:
        """A cursor does not go back, unless all is read anew; what it says is known is here."""
        rows = _rows("SELECT organisation_id, resource, swept_through FROM xero_sync_cursor")
        known: dict[tuple[int, str], dict[str, datetime]] = {}
        their = self._theirs()
        for organisation_id, resource, reached in rows:
            key = organisation_id, resource
            before = self._reached.get(key)
            self._floor.setdefault(key, reached)
            if before is not None and reached is not None:
                assert before <= reached, f"The sweep of {resource} went back to {reached}"
            self._reached[key] = reached
            if reached is None:
                # It is read from the very beginning.
                self._floor[key] = None
            if reached is None or reached == self._floor[key]:
                continue
            table = "contact" if resource == "CONTACT" else "document"
            here = known.setdefault(
                (organisation_id, table), dict(_rows(_KNOWN.format(table), organisation_id))
            )
            self._claims(resource, self._floor[key], reached, their, here)

    def _theirs(self) -> books.Rows:
        """Return what Xero has; put in shape once for as long as it stays the same."""
        shown = self._stage.show_books()
        if self._shaped is None or self._shaped[0] is not shown:
            self._shaped = shown, books.theirs(shown)
        return self._shaped[1]

    def _claims(
        self,
        resource: str,
        floor: datetime | None,
        reached: datetime,
        their: books.Rows,
        here: dict[str, datetime],
    ) -> None:
        for (kind, xero_id), row in their.items():
            if kind != resource or xero_id in self.harmed:
                continue
            changed = datetime.fromisoformat(row["updated_at"])
            if changed > reached or (floor is not None and changed < floor):
                continue
            stored = here.get(xero_id)
            assert stored is not None, f"{resource} {xero_id} of {changed} is not here at {reached}"
            assert stored >= changed, f"{resource} {xero_id} is of {stored} here, not of {changed}"

    def every_call_is_over(self) -> None:
        """No turn leaves a call counted as under way: the limit of five would be used up."""
        running = rate_limiter.shared().books_of(UUID(self._stage.tenant)).in_flight
        assert not running, f"{running} calls were never given back"

    def proof(self) -> int:
        """Where a count that was just taken says that all is here, Xero has no more than that.

        Return how many such counts there are.
        """
        their = Counter(kind for kind, _ in self._theirs())
        proven = _rows(_PROVEN, self._stage.now())
        for kind, count in proven:
            assert count == their[kind], f"{count} {kind} are proven, and Xero has {their[kind]}"
        return len(proven)

    def pages(self, side: Side) -> None:
        """No page shows a document by a pairing that does not stand."""
        for learner_id in side.typed:
            shown = side.shown(learner_id).documents
            linked = {row[0] for row in _rows(_LINKED, learner_id)}
            assert shown <= linked, f"Learner {learner_id} is shown {sorted(shown - linked)}"

    def balances(self, side: Side) -> None:
        """What each contact owes here is what it owes in Xero, where one currency tells."""
        differing = {
            who: (owed, here)
            for who, owed in _owed(_theirs(self._stage.show_books())).items()
            if (here := _owed(_ours(side)).get(who, {})) != owed and len(owed) < 2 and len(here) < 2
        }
        assert not differing, f"In Xero and here contacts owe {differing}"

    def equality(self, side: Side) -> None:
        """Everything is here as it is in Xero."""
        organisation = side.connection.organisation
        assert organisation is not None
        found = books.differences(self._theirs(), books.ours(organisation))
        told = [f"{kind} {xero_id}: {text}" for (kind, xero_id), text in found.items()]
        assert not found, "\n".join([f"{len(found)} differ from Xero's books.", *told[:3]])


def _rows(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _owed(rows: Iterable[tuple[str, str, Decimal]]) -> dict[str, dict[str, Decimal]]:
    found: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for contact_id, currency, amount in rows:
        found[contact_id][currency] += amount
    return {who: dict(each) for who, each in found.items()}


def _theirs(shown: dict[str, Any]) -> Iterable[tuple[str, str, Decimal]]:
    for one in shown["documents"]:
        if one["type"] in books.TYPES and one["status"] == "AUTHORISED":
            signed = Decimal(one["amount_due"]) - Decimal(one["remaining_credit"])
            yield one["contact_id"], one["currency"], signed


def _ours(side: Side) -> Iterable[tuple[str, str, Decimal]]:
    sql = (
        "SELECT contact_xero_id::text, currency, CASE WHEN kind = 'INVOICE' THEN amount_due ELSE"
        " -amount_due END FROM invoices_document WHERE organisation_id = %s AND status = %s"
    )
    for row in _rows(sql, side.organisation_id, "AUTHORISED"):
        yield row[0], row[1], row[2]
