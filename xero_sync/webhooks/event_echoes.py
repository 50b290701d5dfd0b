"""Echoes: events of our own writes. They wait a little, and are fetched together.

A thousand learners are twenty calls, whose answers are stored at once; then Xero announces each of
the thousand contacts, and fetching what is here already would cost as many calls again. Nothing can
tell for sure that an event is our own: it names no author, what clock its time is from is not
documented, and somebody else may change a contact in the very second in which we do. So no event is
believed to be known. One that tells of the second in which the stored contact was changed last is
put off, as is one of a contact that is not here yet while learners are sent. All that are put off
are fetched with the first of them: by a list of recent changes where they are many
(`event_bursts`). While a worker goes on sending learners they wait on,
for a minute or so. A change by another hand in that one second shows that much later; one that
comes after it has a later time, and is fetched at once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Min

from connected_apps.models import Organisation
from invoices.models import Contact
from xero_sync.models import ContactPush, EventState, PushState, WebhookEvent
from xero_sync.resources import Resource

# Longer than Xero takes to announce what it answered, and than a few batches of learners take.
WAIT = timedelta(seconds=15)
# After that nothing waits on, however many learners are sent.
LONGEST = timedelta(seconds=60)
# Xero tells an event's time in milliseconds, and UpdatedDateUTC in these or in whole seconds.
_SAME = timedelta(seconds=1)


def put_off(
    resource: Resource, named: Sequence[WebhookEvent], *, organisation: Organisation, now: datetime
) -> list[WebhookEvent]:
    """Put off the echoes among these events of one resource, and return the others."""
    if resource is not Resource.CONTACT:
        return list(named)
    stored = Contact.objects.filter(
        organisation=organisation, xero_id__in=[event.resource_id for event in named]
    )
    changed_at = dict(stored.values_list("xero_id", "updated_at"))
    # Xero may announce a new contact before its answer to us is stored.
    waits_on = _is_sending(organisation, now)
    echoes = [
        event
        for event in named
        if not event.attempts
        and event.happened_at is not None
        and event.resource_id is not None
        and _is_echo(event.happened_at, changed_at.get(event.resource_id), or_new=waits_on)
    ]
    told = {
        event.pk
        for event in echoes
        if event.not_before is None or (waits_on and event.received_at > now - LONGEST)
    }
    if told:
        WebhookEvent.objects.filter(pk__in=told).update(not_before=_until(organisation, now))
    return [event for event in named if event.pk not in told]


def _is_echo(happened_at: datetime, changed_at: datetime | None, *, or_new: bool) -> bool:
    return or_new if changed_at is None else abs(happened_at - changed_at) < _SAME


def _is_sending(organisation: Organisation, now: datetime) -> bool:
    return ContactPush.objects.filter(
        learner__portal_id=organisation.portal_id,
        state__in=(PushState.PENDING, PushState.SENT),
        leased_until__gt=now,
    ).exists()


def _until(organisation: Organisation, now: datetime) -> datetime:
    """Return when the first that waits already is due; so none waits longer, and few calls do."""
    waiting = WebhookEvent.objects.filter(
        organisation=organisation,
        category="CONTACT",
        state=EventState.PENDING,
        attempts=0,
        not_before__gt=now,
        not_before__lte=now + WAIT,
    )
    first: datetime | None = waiting.aggregate(first=Min("not_before"))["first"]
    return first or now + WAIT
