"""The way to Xero and back: connect, callback, choose.

What an attempt must remember lies in the session, by its `state`, so that two tabs do not take
each other's answer; each is taken out when it is used. Every end is a message on the Connected
Apps page. Redirects lead to Xero's consent page or to pages of ours, never to an address that came
with a request.
"""

import logging
import secrets
import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from connected_apps import audit, errors, queries
from connected_apps.lifecycle import attaching, consent_problems, consents
from connected_apps.lifecycle.attaching import Offer
from connected_apps.models import XERO, Connection, PendingConsent
from lrm import access, page_calls, permissions

logger = logging.getLogger(__name__)

ATTEMPTS = "xero_attempts"
QUESTION = "xero_question"
ATTEMPT_LIFE = timedelta(minutes=15)
_MOST_ATTEMPTS = 5
# Two calls, and an answer that is cut short must be asked for anew.
CALLBACK_SECONDS = 15.0
_WHO = "Connecting Xero needs a portal admin who also has an LRM role."

require_manager = access.require(permissions.may_manage_connected_apps, explanation=_WHO)


@require_POST
@require_manager
def start(request: access.SignedInRequest) -> HttpResponse:
    """Send the person to Xero's consent page."""
    now = timezone.now()
    attempt = consents.begin(portal=request.portal, by=request.user, now=now)
    attempts = dict(list(request.session.get(ATTEMPTS, {}).items())[-(_MOST_ATTEMPTS - 1) :])
    attempts[attempt.state] = {
        "verifier": attempt.verifier,
        "nonce": attempt.nonce,
        "correlation_id": str(attempt.correlation_id),
        "at": now.isoformat(),
    }
    request.session[ATTEMPTS] = attempts
    return HttpResponseRedirect(attempt.url)


# Not HEAD: an answer is used up by being looked at.
@require_GET
@page_calls.explain_busy
@access.require(permissions.may_see_settings, back_to="connected_apps")
def callback(request: access.SignedInRequest) -> HttpResponse:
    """Receive what Xero answers, and end on a page that says what came of it.

    The one GET that changes something: OAuth 2.0 brings the person back by a redirect. The `state`
    in the session stands in for the form token that a POST would carry. Whoever is not signed in
    any more comes back to the Connected Apps page and connects anew: the code must not stand in the
    address of the sign-in page.
    """
    # Before anything is used up: where none is free, the same address is asked for again.
    with page_calls.seat(CALLBACK_SECONDS):
        return _called_back(request, now=timezone.now())


def _called_back(request: access.SignedInRequest, *, now: datetime) -> HttpResponse:
    attempt = _take_attempt(request, now=now)
    if not permissions.may_manage_connected_apps(request.user):
        if attempt is not None:
            _give_up(request, attempt, "The right to connect was taken away meanwhile.", now=now)
        return access.not_allowed(
            request, right=permissions.may_manage_connected_apps, explanation=_WHO
        )
    try:
        if attempt is None:
            raise consent_problems.wrong_state()
        outcome = _complete(request, attempt, now=now)
    except errors.ConsentProblem as problem:
        return _ended(request, attempt, problem, now=now)
    if isinstance(outcome, consents.Question):
        request.session[QUESTION] = {"id": outcome.pending.pk, "secret": outcome.secret}
        return redirect("xero_choose")
    return _connected(request, outcome)


@require_http_methods(["GET", "HEAD", "POST"])
@require_manager
def choose(request: access.SignedInRequest) -> HttpResponse:
    """Ask which organisation it shall be, or for a confirmation; take the answer."""
    now = timezone.now()
    pending = _question(request, now=now)
    if pending is None:
        problem = consent_problems.lapsed()
        messages.warning(request, problem.sentence)
        return redirect("connected_apps")
    if request.method == "POST":
        return _answer(request, pending, now=now)
    offers = [Offer.from_json(item) for item in pending.organisations]
    picked = offers[0] if len(offers) == 1 else _picked(offers, request.GET.get("organisation"))
    if picked is None:
        return _render_chooser(request, pending, offers)
    return render(
        request,
        "connected_apps/confirm.html",
        {
            "offer": picked,
            "offers": offers,
            "doubts": [
                doubt.name for doubt in attaching.doubts_about(picked, portal=request.portal)
            ],
            "last": queries.current_organisation(request.portal),
        },
    )


def _complete(
    request: access.SignedInRequest, attempt: dict[str, Any], *, now: datetime
) -> Connection | consents.Question:
    if "error" in request.GET:
        raise consent_problems.of_redirect(request.GET["error"])
    code = request.GET.get("code", "")
    if not code:
        raise consent_problems.no_code()
    return consents.complete(
        portal=request.portal,
        by=request.user,
        code=code,
        verifier=attempt["verifier"],
        # An attempt that began on the release before has none.
        nonce=attempt.get("nonce", ""),
        correlation_id=uuid.UUID(attempt["correlation_id"]),
        now=now,
    )


def _take_attempt(request: access.SignedInRequest, *, now: datetime) -> dict[str, Any] | None:
    """Take the attempt this answer belongs to out of the session; None where there is none."""
    given = request.GET.get("state", "").encode()
    attempts: dict[str, dict[str, Any]] = request.session.get(ATTEMPTS, {})
    # Every kept state is compared in full, so that the time taken tells nothing about them.
    fitting = [state for state in attempts if secrets.compare_digest(state.encode(), given)]
    if not fitting:
        return None
    attempt = attempts.pop(fitting[0])
    request.session[ATTEMPTS] = attempts
    is_fresh = now - datetime.fromisoformat(attempt["at"]) <= ATTEMPT_LIFE
    return attempt if is_fresh else None


def _ended(
    request: access.SignedInRequest,
    attempt: dict[str, Any] | None,
    problem: errors.ConsentProblem,
    *,
    now: datetime,
) -> HttpResponse:
    """Say why nothing came of it; an answer to no attempt of ours moves no state."""
    correlation_id = uuid.UUID(attempt["correlation_id"]) if attempt else None
    if attempt is not None:
        _give_up(request, attempt, "Nothing came of this attempt.", now=now)
    audit.record(
        portal=request.portal,
        app=XERO,
        action=f"CONNECT_{problem.code}",
        by=request.user,
        now=now,
        detail=problem.sentence,
        is_problem=problem.code != "CANCELLED",
        correlation_id=correlation_id,
    )
    if problem.code == "MISCONFIGURED":
        logger.error("Xero refuses this app: check XERO_CLIENT_ID, XERO_CLIENT_SECRET, XERO_SCOPES")
    tell = messages.info if problem.code == "CANCELLED" else messages.warning
    tell(request, problem.sentence)
    return redirect("connected_apps")


def _give_up(
    request: access.SignedInRequest, attempt: dict[str, Any], why: str, *, now: datetime
) -> None:
    consents.abandon(
        portal=request.portal,
        by=request.user,
        why=why,
        now=now,
        correlation_id=uuid.UUID(attempt["correlation_id"]),
    )


def _question(request: access.SignedInRequest, *, now: datetime) -> PendingConsent | None:
    kept = request.session.get(QUESTION)
    if kept is None:
        return None
    return consents.question_for(
        portal=request.portal,
        user=request.user,
        pending_id=kept["id"],
        secret=kept["secret"],
        now=now,
    )


def _answer(
    request: access.SignedInRequest, pending: PendingConsent, *, now: datetime
) -> HttpResponse:
    if "cancel" in request.POST:
        consents.discard(
            pending=pending, by=request.user, why="Cancelled before a choice was made.", now=now
        )
        messages.info(request, "Nothing was connected and nothing was changed here.")
        return redirect("connected_apps")
    offers = [Offer.from_json(item) for item in pending.organisations]
    picked = _picked(offers, request.POST.get("organisation"))
    if picked is None:
        return _render_chooser(request, pending, offers, error="Choose an organisation.")
    try:
        outcome = consents.answer(
            pending=pending,
            tenant_id=picked.tenant_id,
            confirmed=request.POST.get("confirmed") == "yes",
            by=request.user,
            now=now,
        )
    except errors.ConsentProblem as problem:
        messages.warning(request, problem.sentence)
        return redirect("connected_apps")
    if isinstance(outcome, Connection):
        request.session.pop(QUESTION, None)
        return _connected(request, outcome)
    return redirect(f"{request.path}?organisation={picked.tenant_id}")


def _picked(offers: list[Offer], given: str | None) -> Offer | None:
    return next((offer for offer in offers if str(offer.tenant_id) == given), None)


def _render_chooser(
    request: access.SignedInRequest,
    pending: PendingConsent,
    offers: list[Offer],
    error: str = "",
) -> HttpResponse:
    last = queries.current_organisation(request.portal)
    context = {
        "offers": offers,
        "error": error,
        "expires_at": pending.expires_at,
        "last_tenant_id": last.tenant_id if last else None,
    }
    return render(request, "connected_apps/choose.html", context, status=422 if error else 200)


def _connected(request: access.SignedInRequest, connection: Connection) -> HttpResponse:
    name = connection.organisation.name if connection.organisation else "Xero"
    messages.success(
        request,
        f"Connected to {name}. Its documents are being fetched now; you can leave this page.",
    )
    return redirect("connected_apps")
