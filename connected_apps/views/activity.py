"""The audit trail as a page and as CSV."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from connected_apps import queries
from connected_apps.models import AuditEvent, State
from connected_apps.states.transitions import Trigger
from lrm import access, csv_text, permissions

PAGE_SIZE = 50
_WORDS = {
    "RESYNC_REQUESTED": "Re-sync started",
    "RESYNC_ENDED": "Re-sync finished",
    "RESYNC_CANCELLED": "Re-sync cancelled",
    "RESYNC_REPLACED": "Re-sync replaced by a longer one",
    "RESYNC_RESUMED": "Re-sync continued",
    "EVENTS_ACTED_ON_AGAIN": "Instant updates fetched again",
}
_SPANS = {"7": "Last 7 days", "30": "Last 30 days", "": "All time"}
_HEAD = ["When", "Who", "Event", "From", "To", "Organisation", "Detail", "Problem", "Correlation"]


@require_safe
@access.require(permissions.may_see_connected_apps)
def show(request: access.SignedInRequest) -> HttpResponse:
    """List who or what did what to the connection, newest first."""
    trail = _narrowed(request, now=timezone.now())
    page = Paginator(trail, PAGE_SIZE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    everything = queries.audit_trail(portal=request.portal)
    actions = everything.order_by("action").values_list("action", flat=True).distinct()
    context = {
        "page": page,
        "lines": [(event, words_of(event.action)) for event in page],
        "actions": [(action, words_of(action)) for action in actions],
        "spans": _SPANS.items(),
        "chosen": request.GET,
        "query": query.urlencode(),
    }
    return render(request, "connected_apps/activity.html", context)


@require_safe
@access.require(permissions.may_see_connected_apps)
def as_csv(request: access.SignedInRequest) -> StreamingHttpResponse:
    """Give the same lines as a file."""
    trail = _narrowed(request, now=timezone.now())
    rows = _rows(trail, request.portal.zone)
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="xero-activity.csv"'
    return response


def words_of(action: str) -> str:
    """Return an event in words."""
    if action in Trigger.values:
        return str(Trigger(action).label)
    if action in _WORDS:
        return _WORDS[action]
    return action.replace("_", " ").capitalize().replace("xero", "Xero")


def _narrowed(request: access.SignedInRequest, *, now: datetime) -> QuerySet[AuditEvent]:
    days = request.GET.get("days", "")
    since = now - timedelta(days=int(days)) if days in _SPANS and days else None
    return queries.audit_trail(
        portal=request.portal,
        # PostgreSQL takes no NUL, not even to look for it.
        action=request.GET.get("action", "").replace("\x00", ""),
        problems_only=request.GET.get("problems") == "yes",
        since=since,
    )


class _Line:
    """A file that gives each line back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def _rows(trail: QuerySet[AuditEvent], zone: tzinfo) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(_HEAD)
    for event in trail.iterator(chunk_size=1000):
        yield writer.writerow(_cells(event, zone))


def _cells(event: AuditEvent, zone: tzinfo) -> list[str]:
    cells = [
        event.at.astimezone(zone).isoformat(timespec="seconds"),
        event.actor_name,
        words_of(event.action),
        _state(event.from_state),
        _state(event.to_state),
        event.organisation_name,
        event.detail,
        "yes" if event.is_problem else "",
        str(event.correlation_id),
    ]
    return [csv_text.harmless(cell) for cell in cells]


def _state(value: str) -> str:
    return str(State(value).label) if value else ""
