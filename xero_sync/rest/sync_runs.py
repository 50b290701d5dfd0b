"""Sync runs by API: list, preview, start, watch, cancel, resume. Rights and rules are the page's.

Signed-in sessions only, so far; the runs are those of the signed-in person's portal.
"""

from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework import permissions as rest_permissions
from rest_framework import serializers, status
from rest_framework.authentication import SessionAuthentication
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from connected_apps import errors as connection_errors
from connected_apps.queries import connection_of, current_organisation
from lrm import api_bodies, permissions
from lrm.models import Portal, User
from xero_sync.api import errors
from xero_sync.jobs import retry_policy
from xero_sync.models import RunWhat, SyncRun
from xero_sync.runs import (
    changed_spans,
    date_ranges,
    previews,
    request_checks,
    resumption,
    run_progress,
    run_requests,
)
from xero_sync.rest import run_json


class MaySeeRuns(rest_permissions.BasePermission):
    """Portal admins read; those with an LRM role too may start, cancel and resume."""

    message = "Re-syncing is for portal admins; all but looking also needs an LRM role."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether this method is allowed to this user."""
        if not isinstance(request.user, User):
            return False
        if request.method in rest_permissions.SAFE_METHODS:
            return permissions.may_see_connected_apps(request.user)
        return permissions.may_manage_connected_apps(request.user)


class RunRequest(serializers.Serializer[Any]):
    """What a run is asked for with."""

    date_from = serializers.DateField()
    date_to = serializers.DateField()
    what = serializers.ChoiceField(choices=RunWhat.choices, default=RunWhat.DOCUMENTS)
    # Of what changed: by the portal's clock; the whole of the days where they are left out.
    time_from = serializers.TimeField(required=False, default=None, allow_null=True)
    time_to = serializers.TimeField(required=False, default=None, allow_null=True)


class _RunView(APIView):
    authentication_classes = (SessionAuthentication,)
    permission_classes = (MaySeeRuns,)
    # Forms have been taken since the first release.
    parser_classes = (api_bodies.SmallJsonParser, FormParser, MultiPartParser)

    @staticmethod
    def portal_of(request: Request) -> Portal:
        """Return the signed-in person's portal; the permission has made sure of it."""
        portal = request.user.portal if isinstance(request.user, User) else None
        if portal is None:
            raise serializers.ValidationError("This user belongs to no portal.")
        return portal

    def run_of(self, request: Request, run_id: int) -> SyncRun:
        """Return a run of the portal, or 404."""
        return get_object_or_404(SyncRun, pk=run_id, portal=self.portal_of(request))

    def as_json(self, request: Request, run: SyncRun) -> dict[str, Any]:
        """Return a run as this person may read it."""
        user = request.user
        may_name = isinstance(user, User) and permissions.may_see_learners(user)
        return run_json.run_as_json(run, now=timezone.now(), may_name=may_name)


class SyncRuns(_RunView):
    """GET: the newest runs. POST: start one."""

    def get(self, request: Request) -> Response:
        """List the newest runs of the connected organisation."""
        portal = self.portal_of(request)
        organisation = current_organisation(portal)
        found = run_progress.latest(portal=portal, organisation=organisation)
        return Response({"results": [self.as_json(request, run) for run in found]})

    def post(self, request: Request) -> Response:
        """Start a run: 201, or 200 with one under way that reads all of these days.

        `detail` says in words what happened. 400 with the message at the field, 409 while Xero is
        not connected.
        """
        asked = _checked(request, self.portal_of(request))
        by = request.user if isinstance(request.user, User) else None
        try:
            answer = run_requests.request(
                portal=self.portal_of(request), by=by, now=timezone.now(), **asked
            )
        except date_ranges.BadRange as problem:
            raise serializers.ValidationError({problem.field: [str(problem)]}) from None
        except request_checks.NotPossible as problem:
            return _conflict(str(problem))
        code = status.HTTP_201_CREATED if answer.is_new else status.HTTP_200_OK
        return Response(
            {**self.as_json(request, answer.run), "detail": answer.words},
            status=code,
        )


class PreviewSyncRun(_RunView):
    """POST: what a run would cost, without starting it."""

    def post(self, request: Request) -> Response:
        """Answer as `post` of the list would, but with documents by kind, calls and minutes.

        503 with the reason where Xero could not be asked; the run can be started all the same.
        """
        asked = _checked(request, self.portal_of(request))
        try:
            connection, _ = request_checks.check_request(
                connection_of(self.portal_of(request)), now=timezone.now(), **asked
            )
            found = previews.preview(connection=connection, **asked)
        except date_ranges.BadRange as problem:
            raise serializers.ValidationError({problem.field: [str(problem)]}) from None
        except request_checks.NotPossible as problem:
            return _conflict(str(problem))
        except (errors.XeroError, connection_errors.ConnectedAppsError) as error:
            why = retry_policy.after(error, attempts=0).why
            return Response({"detail": why}, status=status.HTTP_503_SERVICE_UNAVAILABLE)
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
    """GET: one run as it is now, with its log."""

    def get(self, request: Request, run_id: int) -> Response:
        """Return the run."""
        run = self.run_of(request, run_id)
        log = [{"at": line.at, "text": line.text} for line in run.lines.all()]
        return Response({**self.as_json(request, run), "log": log})


class CancelSyncRun(_RunView):
    """POST: stop a run where it is."""

    def post(self, request: Request, run_id: int) -> Response:
        """Cancel the run; 409 when it has ended already."""
        run = self.run_of(request, run_id)
        user = request.user
        if not isinstance(user, User) or not run_requests.cancel(
            run=run, by=user, now=timezone.now()
        ):
            return _conflict("It has ended already.")
        run.refresh_from_db()
        return Response(self.as_json(request, run))


class ResumeSyncRun(_RunView):
    """POST: let a cancelled run go on where it stopped."""

    def post(self, request: Request, run_id: int) -> Response:
        """Answer with the run that reads the days: another one where that is open already.

        409 with the reason where it is not cancelled, its organisation is not connected, another
        run reads some of its days, or a later one has read them all.
        """
        run, user = self.run_of(request, run_id), request.user
        if not isinstance(user, User):
            return _conflict("Only people can resume it.")
        try:
            answering = resumption.resume(run=run, by=user, now=timezone.now())
        except request_checks.NotPossible as problem:
            return _conflict(str(problem))
        if answering is None:
            return _conflict("It is not cancelled.")
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


def _conflict(why: str) -> Response:
    return Response({"detail": why}, status=status.HTTP_409_CONFLICT)
