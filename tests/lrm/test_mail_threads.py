"""Mails of a process that answers people: by threads, and no more than are worth keeping."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest
from django.core import mail as django_mail
from django.core.mail.backends import locmem
from pytest_django.fixtures import Settings

from lrm import mail


class Hanging(locmem.EmailBackend):
    """A mail server that takes a message when it is let."""

    goes_on: ClassVar[threading.Event]

    def open(self) -> bool:
        """Hang."""
        assert self.goes_on.wait(timeout=30)
        return super().open() or False


def test_what_waits_for_a_server_is_sent_when_it_goes_on_and_what_is_too_much_is_said(
    db: None,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: type,
) -> None:
    Hanging.goes_on = threading.Event()
    settings.EMAIL_BACKEND = f"{__name__}.Hanging"
    monkeypatch.setattr(mail, "_threads", [ThreadPoolExecutor(2)])
    monkeypatch.setattr(mail, "_room", threading.BoundedSemaphore(3))

    with caplog.at_level(logging.WARNING), django_capture_on_commit_callbacks(execute=True):
        for number in range(4):
            mail.send_after_commit(
                addresses=[f"{number}@example.com"], subject="A", body="B", about="a test"
            )
    Hanging.goes_on.set()
    mail._threads[0].shutdown(wait=True)

    sent = sorted(message.to[0] for message in django_mail.outbox)
    assert sent == [f"{number}@example.com" for number in range(3)]
    assert caplog.messages == [
        "The mail about a test is not sent: too many wait for the mail server"
    ]
