"""Whether a re-sync can be asked for at all."""

from datetime import date, datetime

from connected_apps import book_days
from connected_apps.models import Connection, Organisation
from connected_apps.states.states import LIVE
from xero_sync.contacts import push_gate
from xero_sync.models import RunWhat
from xero_sync.runs import date_ranges
from xero_sync.runs.changed_spans import Span


class NotPossible(Exception):
    """A re-sync cannot be asked for now; the message says why and what to do."""


def check_request(
    connection: Connection | None,
    *,
    what: RunWhat,
    date_from: date,
    date_to: date,
    now: datetime,
    span: Span | None = None,
) -> tuple[Connection, Organisation]:
    """Return the connection and the organisation that a re-sync of these days would read.

    :param span: of what changed, which `changed_spans` has checked.
    :raises NotPossible: Xero is not connected, or nobody has let learners be sent to it yet.
    :raises date_ranges.BadRange: see `date_ranges.check_range`.
    """
    if connection is None or connection.organisation is None or connection.state not in LIVE:
        raise NotPossible("Xero is not connected. Connect it on Connected Apps first.")
    if (what == RunWhat.CHANGED) != (span is not None):
        raise ValueError(f"{what} and {span} do not go together.")
    today = book_days.today_of(
        portal=connection.portal, organisation=connection.organisation, now=now
    )
    date_ranges.check_range(date_from=date_from, date_to=date_to, today=today, what=what)
    if what == RunWhat.LEARNERS and not push_gate.is_open(connection.organisation):
        raise NotPossible(push_gate.waiting_in_words(connection.portal))
    return connection, connection.organisation
