"""Where processes begin to tell their observers, and where they end.

Web begins when gunicorn has forked. A worker's processes begin after their fork, since a thread
that sends does not outlive one; a worker whose pool is threads begins by itself. Beat, migrations
and commands tell nobody.
"""

from typing import Any

from celery import concurrency
from django.conf import settings


def of_web() -> None:
    """Begin in a process that answers requests; before Django builds its middleware."""
    if settings.SENTRY_DSN:
        _fault_reports().begin()
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        _tracing().begin("lrm-web")


def of_worker(sender: Any = None, **_signal: Any) -> None:
    """Begin in a worker, before it forks: a receiver of Celery's signal that one is made."""
    # Before the fork, for it lays itself around tasks that the fork finds made.
    if settings.SENTRY_DSN:
        _fault_reports().begin()
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        # Read once, for all processes that are forked.
        tracing = _tracing()
        if concurrency.get_implementation(sender.pool_cls).__module__.endswith(".thread"):
            tracing.begin("lrm-worker")


def of_pool_process(**_signal: Any) -> None:
    """Begin in a process of a worker's pool: a receiver of Celery's signal that it was forked."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        _tracing().begin("lrm-worker")


def end_pool_process(**_signal: Any) -> None:
    """Send what waits: a process of a pool ends without what others do at their end."""
    if settings.OTEL_EXPORTER_OTLP_ENDPOINT:
        _tracing().end()


def _tracing() -> Any:
    # Imported where an address is set alone: it costs a process memory and a second.
    from lrm.observers import tracing

    return tracing


def _fault_reports() -> Any:
    from lrm.observers import fault_reports

    return fault_reports
