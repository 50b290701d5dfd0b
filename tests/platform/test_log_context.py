"""One id from a webhook through the worker to its rows, beside Xero's own; and how lines look."""

import json
import logging
import uuid

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from lrm.watching import log_context
from tests.support import webhook_posts
from tests.support.linked import Linked
from xero_sync import tasks
from xero_sync.models import Delivery, WebhookEvent


def context_of(caplog: pytest.LogCaptureFixture, words: str) -> dict[str, str]:
    """Return what is bound to the one line with these words, as the console's filter found it."""
    (record,) = [one for one in caplog.records if words in one.getMessage()]
    found: dict[str, str] = record.context  # type: ignore[attr-defined]  # the filter's
    return found


def test_webhook_is_followed_by_one_id_to_its_rows(
    linked: Linked, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS
    caplog.set_level(logging.INFO)
    invoice = next(one for one in linked.books()["documents"] if one["type"] == "ACCREC")
    body = webhook_posts.envelope(webhook_posts.event(linked, "INVOICE", invoice["xero_id"]))

    answer = webhook_posts.post(body, webhook_posts.sign(body))
    delivery = Delivery.objects.get()
    turn = tasks.unpack_deliveries.apply()
    linked.take_events()

    event = WebhookEvent.objects.get()
    one_id = answer["X-Request-ID"]
    assert str(delivery.correlation_id) == str(event.correlation_id) == one_id
    assert uuid.UUID(event.xero_correlation_id)
    assert context_of(caplog, f"Delivery {delivery.pk} names 1 changes") == {
        "task": turn.id,
        "correlation": one_id,
    }
    assert context_of(caplog, "for 1 events") == {
        "correlation": one_id,
        "xero": event.xero_correlation_id,
    }


@pytest.mark.django_db
def test_answer_names_an_id_of_its_own_whatever_was_sent() -> None:
    named = [Client().get("/healthz", headers={"X-Request-ID": "x"})["X-Request-ID"] for _ in "ab"]

    assert len({uuid.UUID(one) for one in named}) == 2


@pytest.mark.parametrize("is_json", [True, False])
def test_line_names_what_is_bound_and_nothing_that_was(is_json: bool) -> None:
    formatter = log_context.JsonFormatter() if is_json else log_context.PlainFormatter()
    lines = []
    for ids in ({"correlation": "a", "xero": ""}, {}):
        record = logging.LogRecord("lrm", logging.INFO, __file__, 1, "Said %s", ("ü",), None)
        with log_context.bound(**ids):
            log_context.ContextFilter().filter(record)
        lines.append(formatter.format(record))

    if is_json:
        read = [json.loads(line) for line in lines]
        assert read[0]["correlation"] == "a"
        assert read[0]["message"] == "Said ü"
        assert "correlation" not in read[1]
        assert "xero" not in read[0]
    else:
        assert lines == ["Said ü [correlation=a]", "Said ü"]


def test_json_line_of_an_error_is_one_line_with_its_traceback() -> None:
    try:
        int("made up")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    record = logging.LogRecord("lrm", logging.ERROR, __file__, 1, "It failed", (), info)

    line = log_context.JsonFormatter().format(record)

    assert "\n" not in line
    assert "ValueError: invalid literal" in json.loads(line)["traceback"]
