"""The audit trail of a connected app as a page and as CSV."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from connected_apps import queries, registry
from connected_apps.models import XERO, AuditEvent, State
from connected_apps.states.transitions import Trigger
from lrm import access, csv_text, permissions

PAGE_SIZE = 50
_SPANS = {"7": "Last 7 days", "30": "Last 30 days", "": "All time"}
_HEAD = ["When", "Who", "Event", "From", "To", "Organisation", "Detail", "Problem", "Correlation"]


@require_safe
@access.require(permissions.may_see_connected_apps)
def show(request: access.SignedInRequest, app: str = XERO) -> HttpResponse:
    """List who or what did what to the connection to an app, newest first."""
    about = _app_of(request, app)
    trail = _narrowed(request, about, now=timezone.now())
    page = Paginator(trail, PAGE_SIZE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    everything = queries.audit_trail(portal=request.portal, app=app)
    actions = everything.order_by("action").values_list("action", flat=True).distinct()
    context = {
        "app": about,
        "apps": [(each, _address(each)) for each in registry.apps_for(request.user)],
        "file_address": _address(about, "_csv"),
        "page": page,
        "lines": [(event, words_of(event.action, about)) for event in page],
        "actions": [(action, words_of(action, about)) for action in actions],
        "spans": _SPANS.items(),
        "chosen": request.GET,
        "query": query.urlencode(),
    }
    return render(request, "connected_apps/activity.html", context)


@require_safe
@access.require(permissions.may_see_connected_apps)
def as_csv(request: access.SignedInRequest, app: str = XERO) -> StreamingHttpResponse:
    """Give the same lines as a file."""
    about = _app_of(request, app)
    rows = _rows(_narrowed(request, about, now=timezone.now()), about, request.portal.zone)
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{app}-activity.csv"'
    return response


def words_of(action: str, app: registry.ConnectedApp) -> str:
    """Return an event in words."""
    if action in Trigger.values:
        return app.in_words(str(Trigger(action).label))
    if action in app.acts:
        return app.acts[action]
    return action.replace("_", " ").capitalize().replace("xero", "Xero")


def _address(app: registry.ConnectedApp, form: str = "") -> str:
    """Return where an app's activity stands; Xero's stood where it stands before there were more.

    :param form: empty for the page, `_csv` for the file.
    """
    if app.name == XERO:
        return reverse(f"xero_activity{form}")
    return reverse(f"app_activity{form}", args=[app.name])


def _app_of(request: access.SignedInRequest, name: str) -> registry.ConnectedApp:
    """Return the app of an address; to people without its right it does not exist."""
    app = registry.find(name)
    if app is None or not app.right(request.user):
        raise Http404
    return app


def _narrowed(
    request: access.SignedInRequest, app: registry.ConnectedApp, *, now: datetime
) -> QuerySet[AuditEvent]:
    days = request.GET.get("days", "")
    since = now - timedelta(days=int(days)) if days in _SPANS and days else None
    return queries.audit_trail(
        portal=request.portal,
        app=app.name,
        # PostgreSQL takes no NUL, not even to look for it.
        action=request.GET.get("action", "").replace("\x00", ""),
        problems_only=request.GET.get("problems") == "yes",
        since=since,
    )


class _Line:
    """A file that gives each line back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def _rows(trail: QuerySet[AuditEvent], app: registry.ConnectedApp, zone: tzinfo) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(_HEAD)
    for event in trail.iterator(chunk_size=1000):
        yield writer.writerow(_cells(event, app, zone))


def _cells(event: AuditEvent, app: registry.ConnectedApp, zone: tzinfo) -> list[str]:
    cells = [
        event.at.astimezone(zone).isoformat(timespec="seconds"),
        event.actor_name,
        words_of(event.action, app),
        app.in_words(_state(event.from_state)),
        app.in_words(_state(event.to_state)),
        event.organisation_name,
        event.detail,
        "yes" if event.is_problem else "",
        str(event.correlation_id),
    ]
    return [csv_text.harmless(cell) for cell in cells]


def _state(value: str) -> str:
    return str(State(value).label) if value else ""
