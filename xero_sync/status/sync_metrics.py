"""The sync's figures for Prometheus. Organisations go by our number of them, never by name."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from connected_apps.queries import live_connections, xero_connections
from lrm.watching import metrics
from xero_sync.api import failures, limits, rate_limiter
from xero_sync.models import QuarantinedDocument, SyncRun
from xero_sync.resources import Resource
from xero_sync.status import readiness

# Of so long back are events that tell how fast changes show.
_EVENTS_OF = timedelta(minutes=10)
_QUANTILES = (0.5, 0.95, 0.99)
WEBHOOK_ANSWERS = "lrm_webhook_answers"

_VISIBLE = """
SELECT percentile_cont(%s::float8[]) WITHIN GROUP (
    ORDER BY extract(epoch FROM settled_at - received_at)
)
FROM xero_sync_event
WHERE organisation_id = ANY (%s) AND received_at >= %s AND state = 'DONE'
"""


def register() -> None:
    """Have the figures shown."""
    metrics.add("sync", _sync)
    metrics.add("calls", _calls)
    metrics.add_counted(
        WEBHOOK_ANSWERS, about="Answers to POSTs at the webhook's address.", label="status"
    )
    metrics.add_counted(
        failures.COUNTED_AS, about="Calls to Xero that came to nothing, by kind.", label="kind"
    )


def _sync() -> Iterator[Metric]:
    ages = readiness.ages()
    queues = ("deliveries", "events", "pushes", "runs")
    yield metrics.gauge(
        "lrm_queue_age_seconds",
        "Age of the oldest thing that waits in a queue; 0 where none waits.",
        "queue",
        [(name, ages[name] or 0.0) for name in queues],
    )
    yield metrics.gauge(
        "lrm_sweep_age_seconds",
        "How long ago the organisation that waits longest was checked, by resource.",
        "resource",
        [(name, age) for name, age in ages["sweeps"].items() if age is not None],
    )
    yield GaugeMetricFamily(
        "lrm_deliveries_put_aside", "Deliveries of no use.", ages["deliveries_put_aside"]
    )
    yield GaugeMetricFamily(
        "lrm_runs_stalled", "Open re-syncs that are silent.", ages["runs_stalled"]
    )
    yield from _by_state()
    yield _visible()


def _by_state() -> Iterator[Metric]:
    for name, about, rows, label in (
        ("lrm_runs", "Re-syncs by state.", SyncRun.objects.all(), "state"),
        ("lrm_connections", "Connections to Xero by state.", xero_connections(), "state"),
    ):
        counted = rows.values_list(label).annotate(Count("pk")).order_by(label)
        yield metrics.gauge(name, about, label, counted)
    yield _quarantined()


def _quarantined() -> Metric:
    # Nought as well: a rule that looks for more than before needs a figure of before the first.
    rows = QuarantinedDocument.objects.values_list("resource")
    counted = dict.fromkeys(Resource.values, 0) | dict(rows.annotate(Count("pk")))
    return metrics.gauge(
        "lrm_quarantined_documents",
        "Documents that could not be saved, by resource.",
        "resource",
        counted.items(),
    )


def _visible() -> Metric:
    live = list(live_connections().values_list("organisation_id", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(_VISIBLE, [list(_QUANTILES), live, timezone.now() - _EVENTS_OF])
        (seconds,) = cursor.fetchone()
    return metrics.gauge(
        "lrm_event_to_visible_seconds",
        "From a webhook to the page that shows the change, over ten minutes; none without events.",
        "quantile",
        zip(map(str, _QUANTILES), map(float, seconds or ()), strict=False),
    )


def _calls() -> Iterator[Metric]:
    allowed = limits.from_settings()
    left = GaugeMetricFamily(
        "lrm_xero_calls_left",
        "Calls that Xero still takes, by organisation (our number) and window.",
        labels=["organisation", "window"],
    )
    for number, tenant_id in live_connections().values_list(
        "organisation_id", "organisation__tenant_id"
    ):
        books = rate_limiter.shared().books_of(tenant_id)
        left.add_metric([str(number), "day"], books.day_left)
        left.add_metric([str(number), "minute"], books.minute_left)
    yield left
    yield metrics.gauge(
        "lrm_xero_calls_limit",
        "Calls that Xero takes from an organisation, by window.",
        "window",
        [("day", float(allowed.day)), ("minute", float(allowed.minute))],
    )
