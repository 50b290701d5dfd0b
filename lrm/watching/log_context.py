"""What a log line is about, beside its words: ids that follow work from its cause to its end.

`correlation` is the one id of what began with a request, a webhook or a re-sync; `xero` is Xero's
own name of a call, for its support; `task` is a worker's turn. What is bound shows in every line
that is logged below, in this thread alone: behind the words, or as keys of a JSON object where
`LOG_FORMAT` is `json`.
"""

import json
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.http import HttpRequest, HttpResponse

Listener = Callable[[dict[str, str]], None]

_listeners: list[Listener] = []
_bound: ContextVar[dict[str, str] | None] = ContextVar("lrm.watching.log_context", default=None)


def current() -> dict[str, str]:
    """Return what is bound here."""
    return _bound.get() or {}


def tell(listener: Listener) -> None:
    """Have somebody told, in the thread itself, of everything that is bound from now on."""
    _listeners.append(listener)


def correlation() -> uuid.UUID:
    """Return the id of what is going on; a new one where nothing has."""
    known = current().get("correlation")
    return uuid.UUID(known) if known else uuid.uuid4()


@contextmanager
def bound(**ids: object) -> Iterator[None]:
    """Bind ids for what is logged inside; empty ones are left out."""
    before = _bound.set({**current(), **{name: str(one) for name, one in ids.items() if one}})
    for listener in _listeners:
        listener(current())
    try:
        yield
    finally:
        _bound.reset(before)


def begin_task(*, task_id: str = "", **_signal: Any) -> None:
    """Bind a worker's turn alone: a receiver of Celery's signal that a task begins."""
    _bound.set({"task": task_id})


def end_task(**_signal: Any) -> None:
    """Forget it."""
    _bound.set(None)


class LogContextMiddleware:
    """Gives each request an id, which its answer names too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        # Not what the browser says: ids that others choose could be made to collide.
        given = str(uuid.uuid4())
        with bound(correlation=given):
            response = self.get_response(request)
        response.headers["X-Request-ID"] = given
        return response


class ContextFilter(logging.Filter):
    """Puts what is bound on each record, where it was logged."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything through."""
        record.context = current()
        return True


class PlainFormatter(logging.Formatter):
    """Words for people, the ids behind them."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        ids = " ".join(f"{name}={one}" for name, one in _context_of(record).items())
        words, *rest = super().format(record).split("\n", 1)
        return "\n".join([f"{words} [{ids}]" if ids else words, *rest])


class JsonFormatter(logging.Formatter):
    """An object a line, for programs."""

    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "at": self.formatTime(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_context_of(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def _context_of(record: logging.LogRecord) -> dict[str, str]:
    return getattr(record, "context", None) or {}
