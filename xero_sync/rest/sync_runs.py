"""Re-syncs by API: list, preview, start, watch, cancel, resume. Rights and rules are the page's."""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from connected_apps import errors as connection_errors
from connected_apps.queries import connection_of, current_organisation
from lrm import permissions
from lrm.door import api_bodies
from lrm.models import Portal
from lrm.rest import cursors, idempotency, problems, schema
from lrm.rest.fields import Instant, ListQuery
from lrm.rest.views import ApiView, Rights
from xero_sync.api import errors
from xero_sync.jobs import retry_policy
from xero_sync.models import RunState, RunWhat, SyncRun
from xero_sync.rest import run_json
from xero_sync.runs import (
    changed_spans,
    date_ranges,
    previews,
    request_checks,
    resumption,
    run_requests,
)

TAG = "Re-syncs"
ORDER = cursors.Order("sync-runs", (("id", cursors.whole),), is_newest_first=True)
_KEY = OpenApiParameter(
    idempotency.HEADER,
    str,
    OpenApiParameter.HEADER,
    description="A name of your own for this request: sent again with it, it is done once.",
)


class RunQuery(ListQuery):
    """What re-syncs may be narrowed to. Each comes with its proof, so there are few at once."""

    limit = serializers.IntegerField(min_value=1, max_value=50, default=10)
    state = serializers.ChoiceField(choices=RunState.choices, required=False)


class RunRequest(serializers.Serializer[Any]):
    """What a run is asked for with."""

    date_from = serializers.DateField()
    date_to = serializers.DateField()
    what = serializers.ChoiceField(choices=RunWhat.choices, default=RunWhat.DOCUMENTS)
    # Of what changed: by the portal's clock; the whole of the days where they are left out.
    time_from = serializers.TimeField(required=False, default=None, allow_null=True)
    time_to = serializers.TimeField(required=False, default=None, allow_null=True)


class StartedRun(run_json.Run):
    """The run that answers a request, and what happened in words."""

    detail = serializers.CharField()


class LogLine(serializers.Serializer[Any]):
    """One line of a run's log."""

    at = Instant()
    text = serializers.CharField()


class LoggedRun(run_json.Run):
    """A run with its log."""

    log = LogLine(many=True)


class CountOfKind(serializers.Serializer[Any]):
    """How many documents of a kind there are to read."""

    kind = serializers.CharField()
    count = serializers.IntegerField(allow_null=True)


class Preview(serializers.Serializer[Any]):
    """What a run would cost."""

    what = serializers.ChoiceField(choices=RunWhat.choices)
    counts = CountOfKind(many=True)
    total = serializers.IntegerField()
    is_exact = serializers.BooleanField()
    calls = serializers.IntegerField()
    minutes = serializers.IntegerField()
    calls_left_today = serializers.IntegerField()
    fits_today = serializers.BooleanField()


class _RunView(ApiView):
    rights = Rights(permissions.may_see_connected_apps, act=permissions.may_manage_connected_apps)
    # Forms have been taken since the first release, and 400s have named the fields at the top.
    parser_classes = (api_bodies.SmallJsonParser, FormParser, MultiPartParser)
    names_fields_at_top = True

    def run_of(self, request: Request, run_id: int) -> SyncRun:
        """Return a run of the portal, or 404."""
        return get_object_or_404(SyncRun, pk=run_id, portal=self.portal(request))

    def as_json(self, request: Request, run: SyncRun) -> dict[str, Any]:
        """Return a run as this person may read it."""
        may_name = permissions.may_see_learners(self.person(request))
        return run_json.run_as_json(run, now=timezone.now(), may_name=may_name)


class SyncRuns(_RunView):
    """The re-syncs of the connected organisation."""

    @schema.lists(
        run_json.Run, query=RunQuery, summary="List re-syncs", tag=TAG, name="sync_runs_list"
    )
    def get(self, request: Request) -> Response:
        """List the re-syncs of the connected organisation, newest first."""
        asked = self.asked(request, RunQuery)
        portal = self.portal(request)
        runs = SyncRun.objects.filter(portal=portal, organisation=current_organisation(portal))
        if "state" in asked:
            runs = runs.filter(state=asked["state"])
        page = cursors.page_of(
            runs.select_related("requested_by", "portal").prefetch_related("steps"),
            ORDER,
            cursor=asked["cursor"],
            limit=asked["limit"],
        )
        return self.page(request, page, [self.as_json(request, run) for run in page.rows])

    @extend_schema(
        operation_id="sync_runs_start",
        summary="Start a re-sync",
        tags=[TAG],
        parameters=[_KEY],
        request=RunRequest,
        responses={200: StartedRun, 201: StartedRun, **schema.problem(409, 422)},
    )
    def post(self, request: Request) -> Response:
        """Start a re-sync: 201, or 200 with one under way that reads all of these days.

        `detail` says in words what happened. 400 with the message at the field; 409 while Xero is
        not connected, or where as many of yours are under way as one person may have.
        """
        by, now = self.person(request), timezone.now()
        return idempotency.once(request, lambda: self._start(request), by=by, now=now)

    def _start(self, request: Request) -> Response:
        portal = self.portal(request)
        asked = _checked(request, portal)
        try:
            answer = run_requests.request(
                portal=portal, by=self.person(request), now=timezone.now(), **asked
            )
        except date_ranges.BadRange as problem:
            raise serializers.ValidationError({problem.field: [str(problem)]}) from None
        except request_checks.NotPossible as problem:
            raise problems.Conflict(str(problem)) from None
        code = status.HTTP_201_CREATED if answer.is_new else status.HTTP_200_OK
        # Names nobody: it is kept for two days, and a learner may be erased meanwhile.
        run = run_json.run_as_json(answer.run, now=timezone.now(), may_name=False)
        return Response({**run, "detail": answer.words}, status=code)


class PreviewSyncRun(_RunView):
    """What a run would cost, without starting it."""

    @extend_schema(
        operation_id="sync_runs_preview",
        summary="What a re-sync would cost",
        tags=[TAG],
        request=RunRequest,
        responses={200: Preview, **schema.problem(409, 503)},
    )
    def post(self, request: Request) -> Response:
        """Say how many documents by kind, calls and minutes a re-sync would take.

        503 with the reason where Xero could not be asked; it can be started all the same.
        """
        portal = self.portal(request)
        asked = _checked(request, portal)
        try:
            connection, _ = request_checks.check_request(
                connection_of(portal), now=timezone.now(), **asked
            )
            found = previews.preview(connection=connection, **asked)
        except date_ranges.BadRange as problem:
            raise serializers.ValidationError({problem.field: [str(problem)]}) from None
        except request_checks.NotPossible as problem:
            raise problems.Conflict(str(problem)) from None
        except (errors.XeroError, connection_errors.ConnectedAppsError) as error:
            raise problems.Unavailable(retry_policy.after(error, attempts=0).why) from None
        return Response(
            {
                "what": found.what,
                "counts": [{"kind": kind, "count": count} for kind, count in found.counts],
                "total": found.total,
                "is_exact": found.is_exact,
                "calls": found.calls,
                "minutes": found.minutes,
                "calls_left_today": found.left_today,
                "fits_today": found.fits_today,
            }
        )


class OneSyncRun(_RunView):
    """One run as it is now."""

    @schema.shows(LoggedRun, summary="One re-sync", tag=TAG, name="sync_runs_read")
    def get(self, request: Request, run_id: int) -> Response:
        """Return a re-sync as it is now, with its log."""
        self.asked(request, serializers.Serializer)
        run = self.run_of(request, run_id)
        log = [{"at": line.at, "text": line.text} for line in run.lines.all()]
        return Response({**self.as_json(request, run), "log": log})


class CancelSyncRun(_RunView):
    """Stopping a run."""

    @extend_schema(
        operation_id="sync_runs_cancel",
        summary="Cancel a re-sync",
        tags=[TAG],
        request=None,
        responses={200: run_json.Run, **schema.problem(409)},
    )
    def post(self, request: Request, run_id: int) -> Response:
        """Stop a re-sync where it is; what it has stored stays. 409 when it has ended already."""
        run = self.run_of(request, run_id)
        if not run_requests.cancel(run=run, by=self.person(request), now=timezone.now()):
            raise problems.Conflict("It has ended already.")
        run.refresh_from_db()
        return Response(self.as_json(request, run))


class ResumeSyncRun(_RunView):
    """Letting a cancelled run go on."""

    @extend_schema(
        operation_id="sync_runs_resume",
        summary="Continue a cancelled re-sync",
        tags=[TAG],
        request=None,
        responses={200: run_json.Run, **schema.problem(409)},
    )
    def post(self, request: Request, run_id: int) -> Response:
        """Answer with the run that reads the days: another one where that is open already.

        409 with the reason where it is not cancelled, its organisation is not connected, another
        run reads some of its days, or a later one has read them all.
        """
        run = self.run_of(request, run_id)
        try:
            answering = resumption.resume(run=run, by=self.person(request), now=timezone.now())
        except request_checks.NotPossible as problem:
            raise problems.Conflict(str(problem)) from None
        if answering is None:
            raise problems.Conflict("It is not cancelled.")
        return Response(self.as_json(request, answering))


def _checked(request: Request, portal: Portal) -> dict[str, Any]:
    """Return what was asked for; raises what becomes a 400 with the message at the field."""
    asked = RunRequest(data=request.data)
    asked.is_valid(raise_exception=True)
    found = {**asked.validated_data, "what": RunWhat(asked.validated_data["what"])}
    times = {name: found.pop(name) for name in ("time_from", "time_to")}
    if found["what"] == RunWhat.CHANGED:
        days = {name: found[name] for name in ("date_from", "date_to")}
        try:
            found["span"] = changed_spans.of_fields(
                **days, **times, zone=portal.zone, now=timezone.now()
            )
        except date_ranges.BadRange as problem:
            raise serializers.ValidationError({problem.field: [str(problem)]}) from None
    return found
