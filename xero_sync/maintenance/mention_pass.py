"""The pass over documents that finds which numbers they name, for the pages of learners.

It goes through an organisation's documents in the order of their storing, and after the last one
waits for the next. So whoever stores documents does no more than before, and a pass that is killed
goes on where its last batch was committed; looking at a document twice changes nothing.

Two things it cannot see from where it is: a page of documents that was committed later than those
stored after it, and a contact that is nobody's own any more, so that its documents count now (where
a person said so, `contacts.link_acts` looks at them). It waits a moment before it looks at what was
stored, and begins again with the first document once a day. New learners and new numbers need no
pass: the index holds whatever may be a number.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from connected_apps.models import XERO, Organisation
from invoices.covering import named_numbers
from lrm.waking import worker_stop
from xero_sync.jobs import leases
from xero_sync.models import MentionPass

BATCH = 1000
TURN = timedelta(seconds=20)
# Pages are committed within a second or two of the moment that they are stamped with.
SETTLED = timedelta(seconds=20)
AGAIN = timedelta(days=1)


def look_through(*, organisation_id: int, clock: leases.Clock) -> timedelta | None:
    """Take a turn; return when to go on, or None where all was looked at or another worker does."""
    known, _ = MentionPass.objects.get_or_create(
        organisation_id=organisation_id, defaults={"began_at": clock()}
    )
    mine = leases.take(MentionPass, known.pk, now=clock())
    if mine is None:
        return None
    ends_at = clock() + TURN
    walk = _Walk(mine, Organisation.objects.get(pk=organisation_id), clock)
    with leases.working_on(mine, organisation_id=organisation_id, clock=clock) as turn:
        while walk.look_at_batch() or walk.begins_again():
            if clock() >= ends_at or worker_stop.is_asked():
                turn.delay = timedelta(0)
                break
    return turn.delay


def waiting_organisations(*, now: datetime) -> list[int]:
    """Return the organisations that show and have documents that nobody has looked at, or begin
    again; one query, which looks at one entry of an index for each of them.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT connection.organisation_id
              FROM connected_apps_connection connection
              LEFT JOIN xero_sync_mentionpass pass
                ON pass.organisation_id = connection.organisation_id
             WHERE connection.app = %(app)s AND connection.organisation_id IS NOT NULL
               AND (pass.claimed_until IS NULL OR pass.claimed_until < %(now)s)
               AND (pass.not_before IS NULL OR pass.not_before <= %(now)s)
               AND (pass.began_at <= %(again)s OR (
                    -- The first of them, and not whether any exists: that is looked up in order.
                    SELECT document.id FROM invoices_document document
                     WHERE document.organisation_id = connection.organisation_id
                       AND (document.synced_at, document.id)
                           > (coalesce(pass.looked_through, '-infinity'), coalesce(pass.last_id, 0))
                       AND document.synced_at <= %(settled)s
                     ORDER BY document.synced_at, document.id LIMIT 1) IS NOT NULL)
            """,
            {"app": XERO, "now": now, "again": now - AGAIN, "settled": now - SETTLED},
        )
        return [row[0] for row in cursor.fetchall()]


@dataclass
class _Walk:
    """A worker that has leased a pass."""

    mine: MentionPass
    organisation: Organisation
    clock: leases.Clock

    def begins_again(self) -> bool:
        """Go back to the first document where the pass that has ended now began a day ago."""
        now = self.clock()
        if self.mine.began_at > now - AGAIN:
            return False
        self._note(looked_through=None, last_id=0, began_at=now)
        return True

    def look_at_batch(self) -> bool:
        """Bring the index up to date for the next documents; return whether there were any."""
        with transaction.atomic():
            batch = self._next_batch()
            if not batch:
                return False
            named_numbers.renew([one for one, _ in batch], organisation=self.organisation)
            last, stored_at = batch[-1]
            self._note(looked_through=stored_at, last_id=last.id)
        return True

    def _note(self, **progress: Any) -> None:
        leases.renew(self.mine, now=self.clock(), **progress)
        for name, value in progress.items():
            setattr(self.mine, name, value)

    def _next_batch(self) -> list[tuple[named_numbers.Readable, datetime]]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"""
                SELECT synced_at, {", ".join(named_numbers.FIELDS)} FROM invoices_document
                 WHERE organisation_id = %s AND synced_at <= %s
                   AND (synced_at, id) > (coalesce(%s::timestamptz, '-infinity'), %s)
                 ORDER BY synced_at, id LIMIT %s
                """,  # noqa: S608 - names from the index's own list
                [
                    self.organisation.pk,
                    self.clock() - SETTLED,
                    self.mine.looked_through,
                    self.mine.last_id,
                    BATCH,
                ],
            )
            return [(named_numbers.Readable(*row[1:]), row[0]) for row in cursor.fetchall()]
