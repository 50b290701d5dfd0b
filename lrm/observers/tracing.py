"""Traces by OpenTelemetry: from a request or a webhook by way of workers to PostgreSQL and Xero.

The context of a trace goes with Celery's messages and nowhere else: neither Xero nor a browser is
told of it, nor may one of them choose it. A task that wakes itself begins a new trace, for a
re-sync may wake itself for hours.

Spans wait in a queue that ends, and a thread sends them. A receiver that hangs costs that thread
its time and others nothing; a process that stops waits for it for a few seconds at most.
"""

import atexit
import contextvars
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from opentelemetry import propagate, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.celery import CeleryGetter, CeleryInstrumentor
from opentelemetry.instrumentation.django import DjangoInstrumentor
from opentelemetry.instrumentation.psycopg2 import Psycopg2Instrumentor
from opentelemetry.instrumentation.urllib3 import URLLib3Instrumentor
from opentelemetry.propagators import textmap
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import (
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import Link, SpanKind, Status
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from lrm.observers import span_contents
from lrm.version import VERSION
from lrm.watching import log_context

# For one batch; the receiver is a neighbour, or has a collector beside us that is one.
_SEND_SECONDS = 1.5
# How long after the stop began another batch is still tried.
_LAST_SECONDS = 1.0
_EVERY_MILLISECONDS = 1000
# What asks every few seconds how we are is no story.
_NOT_TOLD = "/healthz$,/readyz$,/metrics$"
# After what is refused at the door, and inside what binds the request's id.
_BEFORE = "django.middleware.security.SecurityMiddleware"

_CORRELATION = "lrm.correlation"

_w3c = TraceContextTextMapPropagator()
_begun: "tuple[TracerProvider, _CleanExporter] | None" = None


def begin(service: str) -> None:
    """Begin in this process; once is enough.

    :param service: what the process is called, unless `OTEL_SERVICE_NAME` says else.
    """
    global _begun
    if _begun is not None:
        return
    # It tells what it could not send, by address and cause; once for each batch is too often.
    logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
    exporter = _CleanExporter(
        OTLPSpanExporter(
            endpoint=f"{settings.OTEL_EXPORTER_OTLP_ENDPOINT.rstrip('/')}/v1/traces",
            headers=_headers(),
            timeout=_SEND_SECONDS,
        )
    )
    named = {"service.name": service, "service.version": VERSION}
    provider = TracerProvider(
        sampler=ParentBased(_Causes(settings.OTEL_TRACES_SAMPLER_ARG)),
        resource=Resource({**Resource.create().attributes, **named}),
        shutdown_on_exit=False,
    )
    provider.add_span_processor(_Correlation())
    provider.add_span_processor(
        BatchSpanProcessor(exporter, schedule_delay_millis=_EVERY_MILLISECONDS)
    )
    trace.set_tracer_provider(provider)
    propagate.set_global_textmap(_FromMessages())
    place = settings.MIDDLEWARE.index(_BEFORE)
    DjangoInstrumentor().instrument(middleware_position=place, excluded_urls=_NOT_TOLD)
    settings.MIDDLEWARE.insert(place, f"{__name__}.{ApartMiddleware.__name__}")
    _Messages().instrument()  # type: ignore[no-untyped-call]  # Celery's has no types
    Psycopg2Instrumentor().instrument()
    URLLib3Instrumentor().instrument()
    log_context.tell(_note_on_current)
    _begun = provider, exporter
    atexit.register(end)


def end() -> None:
    """Send what waits, for a few seconds at most."""
    global _begun
    if _begun is not None:
        provider, exporter = _begun
        _begun = None
        exporter.give_up_at(time.monotonic() + _LAST_SECONDS)
        provider.shutdown()


class ApartMiddleware:
    """Answers each request in a context of its own.

    Where an answer fails and so does the page that says so, the span of the request stays in the
    thread, and all later requests would be steps of that one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return contextvars.copy_context().run(self.get_response, request)


def _headers() -> dict[str, str]:
    """Return the headers of `OTEL_EXPORTER_OTLP_HEADERS`: name=value, separated by commas."""
    pairs = (one.partition("=") for one in settings.OTEL_EXPORTER_OTLP_HEADERS.split(","))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


class _Causes(Sampler):
    """Begins a trace with a request or a task, for as many of them as the settings say.

    What a process does by itself, such as sending figures, would be a trace of one statement.
    """

    def __init__(self, share: float) -> None:
        self._share = TraceIdRatioBased(share)

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> SamplingResult:
        """Say whether a span without a parent is kept."""
        if kind not in {SpanKind.SERVER, SpanKind.CONSUMER}:
            return SamplingResult(Decision.DROP)
        return self._share.should_sample(parent_context, trace_id, name, kind, *args, **kwargs)

    def get_description(self) -> str:
        """Say what it is."""
        return f"Causes({self._share.get_description()})"


class _Correlation(SpanProcessor):
    """Puts the id that log lines have on each span that begins where one is bound."""

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Note it."""
        _note(span, log_context.current())


def _note_on_current(bound: Mapping[str, str]) -> None:
    """Note it on the span in which it is bound, such as a task's; the first where it is several."""
    span = trace.get_current_span()
    if isinstance(span, Span) and _CORRELATION not in (span.attributes or {}):
        _note(span, bound)


def _note(span: Span, bound: Mapping[str, str]) -> None:
    if given := bound.get("correlation"):
        span.set_attribute(_CORRELATION, given)


class _FromMessages(textmap.TextMapPropagator):
    """Takes the context of a trace from a message of ours, and gives it to no HTTP request."""

    def extract(
        self,
        carrier: Any,
        context: Context | None = None,
        getter: textmap.Getter[Any] = textmap.default_getter,
    ) -> Context:
        """Return the context that a message has; none where a browser sent one."""
        if isinstance(getter, CeleryGetter):
            return _w3c.extract(carrier, context, getter)
        return Context() if context is None else context

    def inject(
        self,
        carrier: Any,
        context: Context | None = None,
        setter: textmap.Setter[Any] = textmap.default_setter,
    ) -> None:
        """Tell an HTTP server nothing."""

    @property
    def fields(self) -> set[str]:
        """Return the headers that it may write: none."""
        return set()


class _Messages(CeleryInstrumentor):
    """Celery's instrumentor, which notes a task's turn; sending is no step of its own here.

    A span of a message that could not be sent would never end, and never be forgotten.
    """

    def _trace_before_publish(
        self, sender: str = "", headers: dict[str, Any] | None = None, **_signal: Any
    ) -> None:
        going_on = trace.get_current_span()
        wakes_itself = getattr(going_on, "name", "") == f"run/{sender}"
        if headers is not None and not wakes_itself:
            _w3c.inject(headers)

    @staticmethod
    def _trace_after_publish(*_args: Any, **_signal: Any) -> None:
        return


class _CleanExporter(SpanExporter):
    """Sends what may be told, and nothing once its time is over."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._ends_at = float("inf")

    def give_up_at(self, moment: float) -> None:
        """Try no batch after this moment of the monotonic clock."""
        self._ends_at = moment

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch; one that cannot be sent is lost."""
        if time.monotonic() > self._ends_at:
            return SpanExportResult.FAILURE
        return self._exporter.export([_clean(one) for one in spans])

    def shutdown(self) -> None:
        """Let go of the connection."""
        self._exporter.shutdown()


def _clean(span: ReadableSpan) -> ReadableSpan:
    """Return a span with the same ids and times, and what may be told of the rest."""
    attributes = span_contents.told(
        span.attributes or {}, is_call=span.kind is SpanKind.CLIENT, error=_error_of(span)
    )
    return ReadableSpan(
        name=span_contents.name_of(attributes),
        context=span.context,
        parent=span.parent,
        resource=span.resource,
        attributes=attributes,
        links=[Link(one.context) for one in span.links],
        kind=span.kind,
        status=Status(span.status.status_code),
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def _error_of(span: ReadableSpan) -> str:
    """Return the kind of the exception that a span notes."""
    noted: list[Mapping[str, Any]] = [one.attributes or {} for one in span.events]
    return next((str(one["exception.type"]) for one in noted if "exception.type" in one), "")
