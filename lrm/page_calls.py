"""Calls to other systems that a person waits for on a page: few at a time, and for seconds only.

A web process has a handful of threads, and the same threads answer webhooks. Where Xero is slow,
people who click would take all of them. So only some threads of a process may wait for another
system; who comes while those are taken reads so at once, and the page tries again by itself. And
nobody waits longer than a budget of seconds, whatever number of calls the page makes.
"""

import contextvars
import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render

P = ParamSpec("P")

# Far fewer than the threads of a web process: the image's has eight.
SEATS = 2
BUDGET_SECONDS = 8.0
AGAIN_SECONDS = 3
# What a call is given whose budget has just ended: enough to fail as slow calls do.
_LEAST_SECONDS = 0.05

_seats = threading.BoundedSemaphore(SEATS)
_ends_at: contextvars.ContextVar[float | None] = contextvars.ContextVar("ends_at", default=None)


class Busy(Exception):
    """As many people as may are waiting for other systems already."""


@contextmanager
def seat(seconds: float = BUDGET_SECONDS) -> Iterator[None]:
    """Let the block call other systems, within so many seconds in all.

    :raises Busy: all seats are taken; at once, since waiting would take a thread as well.
    """
    if not _seats.acquire(blocking=False):
        raise Busy
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)
        _seats.release()


def within(seconds: float) -> float:
    """Return how long a call may take at most: as asked for, or what a page's budget has left."""
    ends_at = _ends_at.get()
    if ends_at is None:
        return seconds
    return max(_LEAST_SECONDS, min(seconds, ends_at - time.monotonic()))


def explain_busy(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """Answer with a page that says so where no seat was free.

    A page that was only asked for is asked for again by itself; a form is for the person to send.
    """

    @functools.wraps(view)
    def explained(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Busy:
            asks_again = request.method in {"GET", "HEAD"}
            page = render(request, "lrm/busy.html", {"asks_again": asks_again}, status=503)
            page["Retry-After"] = str(AGAIN_SECONDS)
            if asks_again:
                page["Refresh"] = str(AGAIN_SECONDS)
            return page

    return explained
