"""Webhooks that were signed: stored as they came, and later taken apart into events."""

import logging
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DataError, IntegrityError, transaction

from connected_apps.queries import live_connections
from lrm.watching import log_context
from xero_sync import resources
from xero_sync.api import json_codec
from xero_sync.jobs import dispatch
from xero_sync.models import Delivery, EventState, WebhookEvent

logger = logging.getLogger(__name__)

# What is wrong with a delivery itself, whatever it is; an unreachable database is none of these.
_POISON = (DataError, IntegrityError, ValueError, TypeError, OverflowError, RecursionError)
# What each category asks us to fetch; all others are recorded and need nothing.
ACTED_ON = frozenset({*resources.BY_CATEGORY, "PAYMENT"})
# Its tenant is the app, which Xero calls an APPLICATION.
_OF_THE_APP = "SUBSCRIPTION"


def accept(*, body: bytes, now: datetime) -> None:
    """Store a signed delivery as it came, and have it unpacked; needs no transaction around it."""
    Delivery.objects.create(received_at=now, body=body, correlation_id=log_context.correlation())
    dispatch.UNPACK_DELIVERIES.wake_together()


def are_waiting() -> bool:
    """Return whether deliveries wait to be unpacked."""
    return Delivery.objects.filter(unpacked_at=None).exists()


def unpack(*, now: datetime, at_most: int = 100) -> set[int]:
    """Turn stored deliveries into events and return the organisations that have work now.

    Deliveries are locked with SKIP LOCKED and unpacked in one transaction, so each becomes
    events exactly once however many workers unpack. One that cannot be unpacked is put aside with
    the reason, and keeps no other waiting.
    """
    with transaction.atomic():
        waiting = (
            Delivery.objects.select_for_update(skip_locked=True)
            .filter(unpacked_at=None)
            .order_by("id")[:at_most]
        )
        deliveries = list(waiting)
        have_work = _unpack_each(deliveries, now)
        for organisation_id in have_work:
            dispatch.FETCH_EVENTS.wake(organisation_id)
        if len(deliveries) == at_most:  # There may be more.
            dispatch.UNPACK_DELIVERIES.wake()
    return have_work


def _unpack_each(deliveries: list[Delivery], now: datetime) -> set[int]:
    """Unpack deliveries together, or, where one of them cannot be, each by itself."""
    try:
        with transaction.atomic():
            return _unpack_together(deliveries, now)
    except _POISON as error:
        if len(deliveries) == 1:
            _put_aside(deliveries[0], error, now)
            return set()
    return set().union(*(_unpack_each([delivery], now) for delivery in deliveries))


def _unpack_together(deliveries: list[Delivery], now: datetime) -> set[int]:
    events: list[WebhookEvent] = []
    for delivery in deliveries:
        found, problem = _events_of(delivery)
        events.extend(found)
        with log_context.bound(correlation=delivery.correlation_id):
            logger.info("Delivery %s names %s changes", delivery.pk, len(found))
        delivery.unpacked_at, delivery.problem = now, problem
    _assign(events, now)
    WebhookEvent.objects.bulk_create(events, batch_size=1000)
    Delivery.objects.bulk_update(deliveries, ["unpacked_at", "problem"])
    return {
        event.organisation_id
        for event in events
        if event.state == EventState.PENDING and event.organisation_id is not None
    }


def _put_aside(delivery: Delivery, error: Exception, now: datetime) -> None:
    """Keep a delivery as it came, with the reason; the message of the error may quote it."""
    with log_context.bound(correlation=delivery.correlation_id):
        logger.error("Delivery %s was put aside: %s", delivery.pk, type(error).__name__)
    delivery.unpacked_at = now
    delivery.problem = f"It could not be taken apart ({type(error).__name__})"
    delivery.save(update_fields=["unpacked_at", "problem"])


def _events_of(delivery: Delivery) -> tuple[list[WebhookEvent], str]:
    try:
        envelope = json_codec.loads(bytes(delivery.body))
    except json_codec.NotJson:
        return [], "The body is not JSON"
    named = envelope.get("events") if isinstance(envelope, dict) else None
    if not isinstance(named, list):
        return [], "The body has no events"
    events = [_event(delivery, one) for one in named if isinstance(one, dict)]
    return events, "" if len(events) == len(named) else "Some events are not objects"


def _event(delivery: Delivery, named: dict[str, Any]) -> WebhookEvent:
    return WebhookEvent(
        delivery=delivery,
        tenant_id=json_codec.uuid_or_none(named.get("tenantId")),
        category=_capitals(named.get("eventCategory"), 60),
        event_type=_capitals(named.get("eventType"), 30),
        resource_id=json_codec.uuid_or_none(named.get("resourceId")),
        happened_at=json_codec.instant_or_none(named.get("eventDateUtc")),
        received_at=delivery.received_at,
        correlation_id=delivery.correlation_id,
    )


def _assign(events: list[WebhookEvent], now: datetime) -> None:
    """Assign events to their organisations, and ignore those that ask for nothing.

    One organisation may be connected to several portals; the event is then each one's.
    """
    tenants = {event.tenant_id for event in events if event.tenant_id}
    organisations: dict[UUID, list[int]] = {}
    for tenant_id, organisation_id in (
        live_connections()
        .filter(organisation__tenant_id__in=tenants)
        .values_list("organisation__tenant_id", "organisation_id")
    ):
        organisations.setdefault(tenant_id, []).append(organisation_id)
    for event in list(events):
        owners = organisations.get(event.tenant_id, []) if event.tenant_id else []
        why = _why_ignored(event, owners)
        if why:
            event.state, event.note, event.settled_at = EventState.IGNORED, why, now
        for number, organisation_id in enumerate(owners):
            if number == 0:
                event.organisation_id = organisation_id
            else:
                events.append(for_another(event, organisation_id))


def _why_ignored(event: WebhookEvent, owners: list[int]) -> str:
    if event.category == _OF_THE_APP:
        return "It is about this app's own subscription in Xero, not about an organisation"
    if not owners:
        return "No connected organisation has this tenant id"
    if event.category not in ACTED_ON:
        return "Nothing is kept here of this category"
    if event.resource_id is None:
        return "The event names no resource"
    return ""


def for_another(event: WebhookEvent, organisation_id: int) -> WebhookEvent:
    """Return the same event for another organisation, unsaved."""
    fields = {
        field.attname: getattr(event, field.attname)
        for field in WebhookEvent._meta.concrete_fields
        if not field.primary_key
    }
    return WebhookEvent(**{**fields, "organisation_id": organisation_id})


def _capitals(value: Any, longest: int) -> str:
    # Cut at the end: some letters become two.
    return value.upper()[:longest] if isinstance(value, str) else ""
