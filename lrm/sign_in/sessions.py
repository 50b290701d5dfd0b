"""When sessions end: by the clock, and by what becomes of their person.

A session knows when it began and when its person last did something. What a page asks for by
itself, such as the bell's news, is nothing that a person did. Changes of password, rights or portal
end a person's sessions by themselves (`User.get_session_auth_hash`), and so does being switched
off. Signing out everywhere else is `lrm.people.own_account`'s.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from importlib import import_module

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

logger = logging.getLogger(__name__)

BEGAN = "began_at"
ACTIVE = "active_at"
# What somebody did is written down no more often than this.
_GRAIN = timedelta(minutes=1)


class SessionEndMiddleware:
    """Signs out whoever signed in too long ago, or has not done anything for long."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, as one of nobody's where its session is over."""
        # A request without a session is spared the question who it is of.
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = timezone.now()
            if why := _over(request, now):
                logger.info("Session of user %s ended: %s", request.user.pk, why)
                logout(request)
            elif _is_by_a_person(request):
                _note(request, now)
        return self.get_response(request)


def begin(*, request: HttpRequest, **_signal: object) -> None:
    """Note when a session began: a receiver of Django's signal that somebody signed in."""
    now = timezone.now().timestamp()
    request.session[BEGAN] = request.session[ACTIVE] = now


def register() -> None:
    """Have every session know when it began."""
    user_logged_in.connect(begin, dispatch_uid="lrm.sign_in.sessions.begin")


def forget_old() -> None:
    """Delete the rows of sessions that are over."""
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()


def _over(request: HttpRequest, now: datetime) -> str:
    """Return why a session is over, empty where it is not."""
    began, active = (_moment(request, name, now) for name in (BEGAN, ACTIVE))
    if now - began > timedelta(hours=settings.SESSION_HOURS):
        return "it began too long ago"
    if now - active > timedelta(minutes=settings.SESSION_IDLE_MINUTES):
        return "nothing was done in it for too long"
    return ""


def _moment(request: HttpRequest, name: str, now: datetime) -> datetime:
    """Return a noted moment; a session that is older than the notes begins with them."""
    noted = request.session.get(name)
    if noted is None:
        request.session[name] = noted = now.timestamp()
    return datetime.fromtimestamp(noted, tz=now.tzinfo)


def _note(request: HttpRequest, now: datetime) -> None:
    if now - _moment(request, ACTIVE, now) > _GRAIN:
        request.session[ACTIVE] = now.timestamp()


def _is_by_a_person(request: HttpRequest) -> bool:
    """Return whether somebody did something: parts of pages are asked for by the pages."""
    return request.method not in {"GET", "HEAD"} or request.headers.get("HX-Request") != "true"
