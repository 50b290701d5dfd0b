"""What a program receives, and what becomes of what it does not take."""

import contextlib
import json
import socket
import threading
import time
from datetime import timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from lrm.hooks import endpoints, posting, sender
from lrm.models import HookState, Notice, PortalChange
from tests.support import hook_receiver
from tests.support.hook_receiver import Receiver
from tests.support.hooks import Desk

pytestmark = pytest.mark.django_db


def test_program_knows_a_message_for_ours_by_the_schemes_own_library(
    desk: Desk, receiver: Receiver
) -> None:
    endpoint, secret = desk.make(receiver.url)
    message = desk.test(endpoint)

    desk.work()

    (got,) = receiver.got
    assert Webhook(secret).verify(got.body, got.headers)
    assert got.path == "/hooks?from=lrm"
    assert got.id == f"msg_{message.message_id.hex}"
    assert got.content["type"] == "endpoint.test"
    assert set(got.content["data"]) == {"id", "kind", "number", "learner_id", "url"}
    message.refresh_from_db()
    assert (message.state, message.status, message.answer) == ("TAKEN", 204, "204 No Content")
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(got.body + b" ", got.headers)


def test_secret_of_before_signs_for_a_day_after_it_was_replaced(
    desk: Desk, receiver: Receiver
) -> None:
    endpoint, former = desk.make(receiver.url)
    current = endpoints.rotate(endpoint=endpoint, by=desk.by, now=desk.clock())

    desk.test(endpoint)
    desk.work()
    desk.ahead = timedelta(days=1, minutes=1)
    desk.test(endpoint)
    desk.work()

    first, second = receiver.got
    assert Webhook(former).verify(first.body, first.headers)
    assert Webhook(current).verify(first.body, first.headers)
    # The library asks that a message is fresh by its own clock; this one is of tomorrow.
    assert len(first.headers["webhook-signature"].split()) == 2
    assert len(second.headers["webhook-signature"].split()) == 1


def test_message_is_sent_again_with_its_id_when_the_program_failed(
    desk: Desk, receiver: Receiver
) -> None:
    endpoint, _ = desk.make(receiver.url)
    message = desk.test(endpoint)
    receiver.answer = lambda got: 500 if len(receiver.got) < 3 else 200

    desk.work()
    message.refresh_from_db()
    noted = (message.state, message.status, message.answer, message.attempts)
    desk.work()
    desk.wait(seconds=7)
    desk.wait(seconds=25)

    assert noted == ("WAITING", 500, "500 Internal Server Error", 1)
    assert len(receiver.got) == 3
    assert len({(got.id, got.body) for got in receiver.got}) == 1
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("TAKEN", 3)


def test_waits_grow_to_half_a_day_and_differ() -> None:
    waits = [sender.wait_after(attempts).total_seconds() for attempts in range(1, 12)]

    for wait, planned in zip(waits, [5, 20, 80, 320, 1280, 5120, 20480, *[43200] * 4], strict=True):
        assert planned * 0.8 <= wait <= planned * 1.2
    assert len(set(waits)) == len(waits)


def test_who_hangs_holds_nobody_up_for_longer_than_seconds(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "SILENT_SECONDS", 0.5)
    receiver.answer = receiver.hang
    slow, _ = desk.make(receiver.url, name="Hangs")
    for _ in range(5):
        waiting = desk.test(slow)
    with hook_receiver.listening() as other:
        quick, _ = desk.make(other.url, name="Answers")
        desk.test(quick)

        desk.work()

        assert len(other.got) == 1
    # One try for the five of them: then it is left alone.
    assert len(receiver.got) == 1
    slow.refresh_from_db()
    assert slow.not_before is not None
    assert slow.leased_until is None
    assert waiting.state == HookState.WAITING
    tried = slow.messages.get(attempts=1)
    assert (tried.status, "No answer within" in tried.answer) == (None, True)


def test_answer_that_drips_is_ended(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "WHOLE_SECONDS", 0.5)
    is_over = threading.Event()

    def drip(server: socket.socket) -> None:
        client, _ = server.accept()
        with client, contextlib.suppress(OSError):
            client.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            # Never silent for as long as a silence is waited for.
            for _ in range(60):
                if is_over.wait(0.1):
                    break
                client.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        began = time.monotonic()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        outcome = posting.post(url, body=b"{}", headers={})
        took = time.monotonic() - began
        is_over.set()
        thread.join()

    assert outcome.status is None
    assert "No answer" in outcome.words
    assert took < 3


def test_message_is_sent_again_with_its_id_when_the_worker_died_before_it_noted_it(
    desk: Desk, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint, _ = desk.make(receiver.url)
    desk.test(endpoint)

    def die(*args: object) -> bool:
        raise SystemExit

    with monkeypatch.context() as dying:
        dying.setattr(sender._Turn, "_note", die)
        with pytest.raises(SystemExit):
            desk.work()
    desk.work()
    sent_meanwhile = len(receiver.got)
    desk.wait(seconds=91)

    assert sent_meanwhile == 1
    first, second = receiver.got
    assert first.id == second.id
    assert endpoint.messages.get().state == HookState.TAKEN


def test_redirect_is_not_followed(desk: Desk, receiver: Receiver) -> None:
    with hook_receiver.listening() as elsewhere:
        receiver.answer = lambda got: 307
        receiver.headers = {"Location": elsewhere.url}
        endpoint, _ = desk.make(receiver.url)
        message = desk.test(endpoint)

        desk.work()

        assert elsewhere.got == []
    message.refresh_from_db()
    assert message.answer == "307: it redirects, which is not followed"


def test_endpoint_is_switched_off_and_admins_are_told_when_nothing_gets_through_for_days(
    desk: Desk, receiver: Receiver
) -> None:
    endpoint, _ = desk.make(receiver.url)
    message = desk.test(endpoint)
    receiver.answer = lambda got: 503

    for _ in range(16):
        desk.wait(hours=6)

    endpoint.refresh_from_db()
    message.refresh_from_db()
    assert not endpoint.is_on
    assert message.state == HookState.GIVEN_UP
    assert "503 Service Unavailable" in endpoint.off_reason
    notice = Notice.objects.get(user=desk.by)
    assert "was switched off" in notice.text
    assert notice.url == f"/settings/webhooks/{endpoint.pk}/"
    line = PortalChange.objects.get(act="HOOK_OFF")
    assert (line.by, line.by_name) == (None, "By itself")
    tried = len(receiver.got)
    desk.wait(hours=24)
    assert len(receiver.got) == tried


def test_endpoint_is_switched_off_at_once_when_it_says_that_it_is_gone(
    desk: Desk, receiver: Receiver
) -> None:
    endpoint, _ = desk.make(receiver.url)
    desk.test(endpoint)
    receiver.answer = lambda got: 410

    desk.work()

    endpoint.refresh_from_db()
    assert not endpoint.is_on
    assert "gone for good" in endpoint.off_reason


def test_what_waited_is_sent_when_it_is_switched_on_again(desk: Desk, receiver: Receiver) -> None:
    endpoint, _ = desk.make(receiver.url)
    desk.test(endpoint)
    endpoints.switch_off(endpoint=endpoint, by=desk.by, now=desk.clock())

    desk.work()
    while_off = len(receiver.got)
    endpoints.switch_on(endpoint=endpoint, by=desk.by, now=desk.clock())
    desk.work()

    assert (while_off, len(receiver.got)) == (0, 1)


def test_message_holds_nothing_but_ids_and_a_number(desk: Desk, receiver: Receiver) -> None:
    endpoint, _ = desk.make(receiver.url)
    desk.test(endpoint)

    desk.work()

    assert list(json.loads(receiver.got[0].body)) == ["type", "timestamp", "data"]
