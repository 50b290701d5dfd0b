"""Whose sweeps may stretch: where events have proved, for a day, that they tell of every change.

An idle organisation costs nothing but its sweeps, and these only find what an event should have
told. So the sweeps of a kind come half as often where all of this holds:

- no sweep of the organisation, of any kind, has found an unannounced change yesterday or today;
- the last daily count found as many in Xero as here, and is not older than a day and a half
  (contacts, of which some are not kept here, have no such count);
- an event of the kind's category came within a week, for whichever organisation: Xero's webhooks
  belong to the app, and an idle organisation has none of its own.

None of it is what a lost event's change is found by: that is the sweep, and it is never further
apart than `channel_health.longest_interval`. Where a sweep finds an unannounced change, all kinds
of the organisation are swept at once, and none stretches for a day.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, F, Q

from xero_sync import resources
from xero_sync.models import Cursor, UnannouncedChange, WebhookEvent
from xero_sync.resources import Resource

_COUNT_HOLDS = timedelta(hours=36)
# By the portal's calendar, whatever its zone: yesterday at least.
_DOUBT_LASTS = timedelta(days=2)
_HEARD_WITHIN = timedelta(days=7)
# Of the newest events so many are looked at: what is rarer is not trusted.
_LOOKED_AT = 1000


def trusted(*, organisation_id: int, now: datetime) -> set[Resource]:
    """Return the kinds of an organisation whose events may be trusted to tell of all changes."""
    doubts = UnannouncedChange.objects.filter(
        organisation_id=organisation_id, day__gte=(now - _DOUBT_LASTS).date()
    )
    agrees = Q(count_in_xero=F("count_here"), counted_at__gte=now - _COUNT_HOLDS)
    cursors = Cursor.objects.filter(
        ~Exists(doubts),
        Q(resource=Resource.CONTACT) | agrees,
        organisation_id=organisation_id,
        missed_at=None,
        problem="",
    )
    proven = {Resource(one) for one in cursors.values_list("resource", flat=True)}
    if not proven:
        return set()
    heard = _heard(now)
    return {one for one in proven if resources.of(one).category in heard}


def _heard(now: datetime) -> set[str]:
    """Return the categories of which events came lately, for whichever organisation."""
    newest = WebhookEvent.objects.filter(delivery__isnull=False).order_by("-pk")
    latest = newest.values_list("category", "received_at")[:_LOOKED_AT]
    return {category for category, at in latest if at >= now - _HEARD_WITHIN}
