"""Traces by OpenTelemetry: one from a webhook to Xero, nothing personal in it, nobody waits.

Web and workers are real, and so is who receives: what it got is read as protobuf, and searched
byte by byte for what must never leave.
"""

from pathlib import Path

import pytest
import requests
from django.conf import settings as django_settings

from tests.support import (
    builders,
    hook_receiver,
    otlp,
    own_product,
    processes,
    waiting,
    web_process,
    webhook_posts,
)
from tests.support.linked import Linked
from xero_sync.models import EventState, WebhookEvent

pytestmark = pytest.mark.timeout(400)
KEY = "made-up-webhook-key"
NAME, MAIL, NOTE = "Zuzanna Quillfeather", "zuzanna@quillfeather.example", "planted in an error"
WEBHOOK, UNPACK = "POST webhooks/xero/", "xero_sync.tasks.unpack_deliveries"
FETCH, CALL = "xero_sync.tasks.fetch_events", "GET /api.xro/2.0/Invoices"

# What a careless library may do: everything planted where it can be.
CARELESS = """
import sys
from contextlib import suppress
import django
from lrm.observers import process_start
process_start.of_web()
django.setup()
import requests
from django.db import connection
from opentelemetry import trace
planted, address = sys.argv[1:]
tracer = trace.get_tracer("careless")
noted = {"http.url": f"{address}/{planted}?q={planted}", "db.statement": f"SELECT '{planted}'",
         "http.method": planted, "http.route": planted, "celery.task_name": planted,
         "enduser.id": planted, "lrm.correlation": planted, "http.request.header.cookie": planted}
for kind in (trace.SpanKind.SERVER, trace.SpanKind.CLIENT):
    with suppress(ValueError), tracer.start_as_current_span("root", kind=trace.SpanKind.SERVER):
        with tracer.start_as_current_span(planted, kind=kind, attributes=noted) as span:
            span.add_event(planted, noted)
            with suppress(Exception), connection.cursor() as cursor:
                cursor.execute(f"SELECT '{planted}'")
                cursor.execute("SELECT %s::int", [planted])
            with suppress(Exception):
                requests.get(f"{address}/connections/{planted}", params={"q": planted},
                             headers={"Authorization": f"Bearer {planted}"}, timeout=30)
            raise ValueError(planted)
"""


def environment(linked: Linked, receiver: hook_receiver.Receiver) -> dict[str, str]:
    """Return the settings of web and workers that are traced."""
    return {
        "REDIS_URL": django_settings.REDIS_URL,
        "XERO_API_URL": linked.world.url,
        "XERO_IDENTITY_URL": linked.world.url,
        "XERO_WEBHOOK_KEYS": KEY,
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp.base_of(receiver),
        "OTEL_EXPORTER_OTLP_HEADERS": "x-key=made-up-key-of-the-receiver",
    }


def secrets_of(linked: Linked, environment: dict[str, str]) -> set[str]:
    """Return what stands in the books of Xero and in the settings, and must never leave."""
    books = linked.books()
    found = {django_settings.SECRET_KEY, *django_settings.TOKEN_ENCRYPTION_KEYS, KEY}
    found |= {django_settings.XERO_CLIENT_SECRET, linked.organisation.name, linked.tenant}
    for row in books["contacts"]:
        found |= {row[key] for key in ("name", "number", "email", "contact_id") if row.get(key)}
    for row in books["documents"]:
        found |= {row[key] for key in ("number", "reference", "xero_id") if row.get(key)}
    return {one for one in found if len(one) > 3} | {environment["DATABASE_URL"]}


def held_by(receiver: hook_receiver.Receiver, secrets: set[str]) -> set[str]:
    """Return which of them are anywhere in what was received."""
    everything = b"\n".join(
        got.path.encode() + repr(sorted(got.headers.items())).encode() + got.body
        for got in receiver.got
    )
    return {one for one in secrets if one.encode() in everything}


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_webhook_is_one_trace_to_xero_and_says_nothing_of_anybody(
    linked: Linked, receiver: hook_receiver.Receiver, tmp_path: Path, pool: str
) -> None:
    changes = environment(linked, receiver)
    secrets = secrets_of(linked, {"DATABASE_URL": web_process.database_url()})
    assert len(secrets) > 100
    invoice = next(one for one in linked.books()["documents"] if one["type"] == "ACCREC")
    body = webhook_posts.envelope(webhook_posts.event(linked, "INVOICE", invoice["xero_id"]))
    signature = webhook_posts.sign(body, KEY)
    forged = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"

    with (
        own_product.worker(tmp_path, "--pool", pool, **changes),
        # One thread: what a request leaves in it is there at the next.
        own_product.web(
            tmp_path,
            *("--workers", "1", "--threads", "1"),
            DJANGO_SETTINGS_MODULE="tests.settings_without_styles",
            **changes,
        ) as url,
    ):
        session = builders.client_of(linked.manager).session.session_key
        cookies = {"sessionid": str(session)}
        searched = f"{url}/api/v1/learners/"
        seen = requests.get(searched, params={"number": NAME}, cookies=cookies, timeout=60)
        typed = {"username": MAIL, "password": NOTE}
        requests.post(f"{url}/sign-in/", data=typed, timeout=60)
        # Nobody has collected styles, so that neither the page nor the one that says so is made.
        assert requests.get(f"{url}/learners/{NAME}/", timeout=60).status_code == 500
        answer = requests.post(
            f"{url}/webhooks/xero/",
            data=body,
            headers={
                "x-xero-signature": signature,
                "Content-Type": "application/json",
                "traceparent": forged,
                "baggage": f"who={MAIL}",
            },
            timeout=60,
        )
        assert waiting.wait_until(
            lambda: WebhookEvent.objects.filter(state=EventState.DONE).exists()
        )
        wanted = {WEBHOOK, UNPACK, FETCH, CALL}
        assert waiting.wait_until(lambda: wanted <= {one.name for one in otlp.spans(receiver)}), {
            one.name for one in otlp.spans(receiver)
        }

    told = otlp.spans(receiver)
    (root,) = [one for one in told if one.name == WEBHOOK]
    own = [one for one in told if one.trace == root.trace]
    by_name = {one.name: one for one in own}
    assert seen.status_code == 200
    assert root.parent == "", "a trace begins here, whatever a browser says"
    assert wanted <= set(by_name)
    assert {by_name[WEBHOOK].service, by_name[FETCH].service} == {"lrm-web", "lrm-worker"}
    # Each below the one that caused it.
    assert by_name[UNPACK].parent == root.id
    assert by_name[FETCH].parent == by_name[UNPACK].id
    call = by_name[CALL]
    assert call.attributes["http.response.status_code"] == 200
    # PostgreSQL, in the answer and in the task.
    stored = by_name["INSERT xero_sync_delivery"]
    assert (stored.parent, stored.attributes["db.system.name"]) == (root.id, "postgresql")
    assert by_name["WITH invoices_document"].trace == root.trace
    one_id = answer.headers["X-Request-ID"]
    for name in (WEBHOOK, UNPACK, FETCH, CALL, "INSERT xero_sync_delivery"):
        assert by_name[name].attributes["lrm.correlation"] == one_id, name
    # It arrived with the key that the receiver asks for, and with nothing else.
    assert {got.headers["x-key"] for got in receiver.got} == {"made-up-key-of-the-receiver"}
    assert held_by(receiver, {*secrets, NAME, "Quillfeather", MAIL, NOTE, str(session)}) == set()
    assert held_by(receiver, {signature, "MADEUPENTROPY", "Bearer"}) == set()
    # Nor was Xero told of our traces.
    assert all("traceparent" not in str(one).lower() for one in linked.world.show("calls"))


@pytest.mark.usefixtures("transactional_db")
def test_what_a_library_notes_stays_here(receiver: hook_receiver.Receiver, tmp_path: Path) -> None:
    settings = own_product.environment(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=otlp.base_of(receiver))
    for planted in (NAME, MAIL, "L004242", f"eyJ{'a' * 60}.{'b' * 60}", f"Robert'; {NOTE}"):
        with hook_receiver.listening() as called:
            ran = processes.run_python(CARELESS, planted, otlp.base_of(called), **settings)
        assert ran.returncode == 0, ran.stderr
        assert held_by(receiver, {planted, planted.split()[0], planted.replace(" ", "+")}) == set()

    told = otlp.spans(receiver)
    assert {"SELECT", "GET /connections/{}"} <= {one.name for one in told}
    assert "ValueError" in {one.attributes.get("error.type") for one in told}
    assert all(len(one.name) < 60 for one in told)


@pytest.mark.usefixtures("transactional_db")
def test_share_of_traces_that_is_kept_is_the_settings(
    receiver: hook_receiver.Receiver, tmp_path: Path
) -> None:
    there = otlp.base_of(receiver)
    changes = {"OTEL_EXPORTER_OTLP_ENDPOINT": there, "OTEL_TRACES_SAMPLER_ARG": "0"}
    settings = own_product.environment(tmp_path, **changes)

    ran = processes.run_python(CARELESS, NAME, there, **settings)

    assert ran.returncode == 0, ran.stderr
    assert otlp.spans(receiver) == []


WAKES = """
from lrm.observers import process_start
process_start.of_pool_process()
from celery.signals import before_task_publish
from opentelemetry import trace
tracer = trace.get_tracer("test")
with tracer.start_as_current_span("run/own.task", kind=trace.SpanKind.CONSUMER) as span:
    for name in ("own.task", "another.task"):
        headers = {"id": "made-up"}
        before_task_publish.send(sender=name, headers=headers, body=())
        print(name, "traceparent" in headers)
"""


@pytest.mark.django_db
def test_task_that_wakes_itself_begins_a_new_trace(
    receiver: hook_receiver.Receiver, tmp_path: Path
) -> None:
    there = otlp.base_of(receiver)
    settings = own_product.environment(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT=there)

    ran = processes.run_python(WAKES, **settings)

    assert ran.stdout == "own.task False\nanother.task True\n", ran.stderr
