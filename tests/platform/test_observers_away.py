"""Observers outside that hang, are away or are none: nobody waits, and nothing is imported."""

from pathlib import Path

import pytest
import requests
from celery import current_app
from django.conf import settings as django_settings

from tests.support import (
    composed,
    hook_receiver,
    otlp,
    own_product,
    processes,
    waiting,
    webhook_posts,
)

pytestmark = pytest.mark.timeout(400)
KEY = "made-up-webhook-key"
WEBHOOK = "POST webhooks/xero/"
ANSWERS = 20
# Compose kills after 25.
SECONDS = 22


def fail_in_a_worker() -> None:
    """Have a task end by an error that nobody expected, in people's worker and in bulk's."""
    with current_app.connection_for_write(django_settings.REDIS_URL) as connection:
        for queue in ("people", "bulk"):
            name = "xero_sync.tasks.fetch_events"
            current_app.send_task(name, ["no number"], queue=queue, connection=connection)


@pytest.mark.slow
@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("how", ["hang", "are away"])
def test_observers_that_take_nothing_delay_no_answer_and_no_stop(tmp_path: Path, how: str) -> None:
    pages: list[requests.Response] = []
    body = webhook_posts.envelope({"eventCategory": "INVOICE"})
    signature = webhook_posts.sign(body, KEY)

    with hook_receiver.listening() as receiver:
        receiver.answer = receiver.hang
        there = otlp.base_of(receiver) if how == "hang" else "http://127.0.0.1:9"
        changes = {
            "REDIS_URL": django_settings.REDIS_URL,
            "XERO_WEBHOOK_KEYS": KEY,
            "OTEL_EXPORTER_OTLP_ENDPOINT": there,
            "SENTRY_DSN": f"{there.replace('://', '://made-up@')}/1",
            # Pages whose styles nobody has collected.
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "DEBUG": "True",
        }
        environment = own_product.environment(tmp_path, **changes)
        with composed.running(tmp_path, environment) as product:
            # Over before the stop: a process of a pool that still tells its worker of an error
            # waits in vain once that has begun to stop, whoever observes it.
            fail_in_a_worker()
            for _ in range(ANSWERS):
                own_product.send(product.url, signature, body)
                pages.append(requests.get(f"{product.url}/sign-in/", timeout=60))
            tried = len({one.trace for one in otlp.spans(receiver) if one.name == WEBHOOK})
            if how == "hang":
                told = {"/v1/traces", "/api/1/envelope/"}
                assert waiting.wait_until(lambda: told <= {one.path for one in receiver.got})
            product.stop()

    assert [one.status_code for one in pages] == [200] * ANSWERS
    # Who waited for the receiver would have tried to tell it of each before it was answered.
    assert tried < ANSWERS
    assert set(product.stopped) == {"web", "worker", "worker-bulk", "worker-hooks", "beat"}
    assert {code for _, code in product.stopped.values()} == {0}, product.stopped
    assert max(seconds for seconds, _ in product.stopped.values()) < SECONDS, product.stopped


LISTED = """
import sys
import lrm.wsgi, lrm.celery
from celery.signals import worker_process_init
worker_process_init.send(sender=None)
# The client of Redis imports what OpenTelemetry has for figures, by itself, wherever it can.
heavy = ("opentelemetry.instrumentation", "opentelemetry.sdk.trace", "opentelemetry.exporter")
print([one for one in sys.modules if one.startswith((*heavy, "google.protobuf", "sentry_sdk"))])
"""


@pytest.mark.parametrize("settings", [{}, {"OTEL_EXPORTER_OTLP_ENDPOINT": "", "SENTRY_DSN": ""}])
def test_nothing_is_imported_where_no_address_is_set(
    settings: dict[str, str], tmp_path: Path
) -> None:
    ran = processes.run_python(LISTED, **own_product.environment(tmp_path, **settings))

    assert (ran.returncode, ran.stdout) == (0, "[]\n"), ran.stderr
