"""What `/metrics` shows to Prometheus: read from PostgreSQL and Valkey when it is asked for.

So every web process shows the same, whichever is asked, and none keeps a figure of its own. Apps
add collectors of theirs. A part that is away is named by `lrm_part_up` and its figures are left
out: a figure that is not known must not read as nought.
"""

import logging
from collections.abc import Callable, Iterable, Iterator

import redis
from django.db import DatabaseError, connection
from django.db.models import Count
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from lrm import version
from lrm.models import BatchJob
from lrm.watching import tallies

logger = logging.getLogger(__name__)

Collect = Callable[[], Iterable[Metric]]
# Messages of endpoints that are on. A worker could send those whose time has come, of an endpoint
# that is not left alone; all others wait for a receiver that did not take them, or not the ones
# before them. The first wait since they could be sent, the others since they were written.
_HOOKS_WAIT_FOR = ("worker", "receiver")
_WAITING_HOOKS = """
    SELECT CASE WHEN could_be_sent_at <= %(now)s THEN 'worker' ELSE 'receiver' END AS waits_for,
           count(*),
           extract(epoch FROM max(%(now)s - CASE WHEN could_be_sent_at <= %(now)s
               THEN could_be_sent_at ELSE waits_since END))
      FROM (
        SELECT message.waits_since,
               greatest(message.due_at, message.waits_since, endpoint.not_before)
                   AS could_be_sent_at
          FROM lrm_hookmessage message
          JOIN lrm_hookendpoint endpoint ON endpoint.id = message.endpoint_id
         WHERE message.state = 'WAITING' AND endpoint.is_on
      ) AS waiting
     GROUP BY 1
"""
# Counts that processes keep: name, what it counts, its one label.
COUNTED: dict[str, tuple[str, str]] = {}
_collects: dict[str, Collect] = {}


def add(part: str, collect: Collect) -> None:
    """Have the figures of one part shown; adding it again replaces it."""
    _collects[part] = collect


def add_counted(name: str, *, about: str, label: str) -> None:
    """Have a count of `lrm.watching.tallies` shown, as `name` with `_total` behind it."""
    COUNTED[name] = (about, label)


def gauge(name: str, about: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    """Return a figure for each value of one label."""
    found = GaugeMetricFamily(name, about, labels=[label])
    for value, figure in values:
        found.add_metric([value], figure)
    return found


def page() -> bytes:
    """Return all figures in Prometheus's text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_All())
    return generate_latest(registry)


class _All(Collector):
    """Reads every part; one that fails keeps no other from being read."""

    def collect(self) -> Iterator[Metric]:
        """Read them."""
        yield gauge("lrm_version", "The version that runs.", "version", [(version.VERSION, 1)])
        up = []
        for part, collect in {
            **_collects,
            "jobs": _jobs,
            "hooks": _hooks,
            "counts": _counts,
        }.items():
            try:
                found = list(collect())
            except (DatabaseError, redis.RedisError) as error:
                logger.warning("metrics of %s: %s", part, type(error).__name__)
                found = []
                up.append((part, 0.0))
            else:
                up.append((part, 1.0))
            yield from found
        yield gauge("lrm_part_up", "Whether a part's figures could be read.", "part", up)

    def describe(self) -> Iterator[Metric]:
        """Say nothing beforehand: that would read everything when it is registered."""
        return iter(())


def _jobs() -> Iterator[Metric]:
    counted = BatchJob.objects.values_list("state").annotate(Count("pk")).order_by("state")
    yield gauge("lrm_batch_jobs", "Batch jobs by state.", "state", counted)


def _hooks() -> Iterator[Metric]:
    with connection.cursor() as cursor:
        cursor.execute(_WAITING_HOOKS, {"now": timezone.now()})
        found = {name: figures for name, *figures in cursor.fetchall()}
    for place, (name, about) in enumerate(
        (
            ("lrm_hook_messages_waiting", "Messages to programs outside that wait, by for whom."),
            ("lrm_hook_message_age_seconds", "For how long the oldest of them waits; 0 if none."),
        )
    ):
        values = [(who, float(found.get(who, (0, 0))[place])) for who in _HOOKS_WAIT_FOR]
        yield gauge(name, about, "waits_for", values)


def _counts() -> Iterator[Metric]:
    kept = tallies.totals()
    for name, (about, label) in COUNTED.items():
        family = CounterMetricFamily(name, about, labels=[label])
        for (kind, value), count in sorted(kept.items()):
            if kind == name:
                family.add_metric([value], count)
        yield family
