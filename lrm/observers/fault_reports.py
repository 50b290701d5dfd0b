"""Fault reports to Sentry: errors that nobody expected, each made anew by `fault_contents`.

Its client is switched on part by part: what it finds by itself and adds by itself is off, and so
is what would tell other servers of it. It sends by a thread from a queue that ends; at the end of
a process it waits for two seconds at most.
"""

from typing import Any

import sentry_sdk
from django.conf import settings
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration
from sentry_sdk.integrations.threading import ThreadingIntegration

from lrm.observers import fault_contents
from lrm.version import VERSION

_LAST_SECONDS = 2


def begin() -> None:
    """Begin in this process, and in those that it forks."""
    sentry_sdk.init(
        dsn=settings.SENTRY_DSN,
        release=f"lrm@{VERSION}",
        server_name="",
        before_send=_clean,
        send_default_pii=False,
        include_local_variables=False,
        include_source_context=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        auto_session_tracking=False,
        send_client_reports=False,
        trace_propagation_targets=[],
        shutdown_timeout=_LAST_SECONDS,
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(
                transaction_style="function_name", middleware_spans=False, signals_spans=False
            ),
            CeleryIntegration(propagate_traces=False),
            LoggingIntegration(level=None),
            ThreadingIntegration(propagate_hub=False),
            ExcepthookIntegration(),
            DedupeIntegration(),
            # By default it tells a person at a terminal that it waits.
            AtexitIntegration(callback=lambda pending, timeout: None),
        ],
    )


def _clean(event: Any, _hint: Any) -> Any:
    return fault_contents.told(event)
