"""Mail that may fail: a message each, after the commit, and never a failure of anything else."""

from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail as outgoing
from django.core.mail.backends import locmem
from pytest_django.fixtures import Settings

from lrm import mail

pytestmark = pytest.mark.django_db

ADDRESSES = ["one@example.com", "", "two@example.com"]


class Refusing(locmem.EmailBackend):
    """A mail server that does not know the first address."""

    def send_messages(self, messages: Any) -> int:
        """Refuse a message to the first address as a server does."""
        for message in messages:
            if message.to == ADDRESSES[:1]:
                raise SMTPRecipientsRefused({message.to[0]: (550, b"unknown one@example.com")})
        return super().send_messages(messages)


def send() -> None:
    mail.send_after_commit(addresses=ADDRESSES, subject="Title", body="Words", about="a test")


def test_everybody_gets_a_message_of_their_own_after_the_commit(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        send()
        before = len(outgoing.outbox)

    assert before == 0
    assert [message.recipients() for message in outgoing.outbox] == [
        ["one@example.com"],
        ["two@example.com"],
    ]
    assert {(message.subject, message.body) for message in outgoing.outbox} == {("Title", "Words")}


def test_email_that_cannot_be_sent_undoes_nothing(
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", 1

    with django_capture_on_commit_callbacks(execute=True):
        send()

    assert "The mail about a test could not be sent: ConnectionRefusedError" in caplog.text
    assert "example.com" not in caplog.text
    assert outgoing.outbox == []


def test_address_that_is_refused_keeps_nobody_from_theirs(
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Any,
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"

    with django_capture_on_commit_callbacks(execute=True):
        send()

    assert [message.to for message in outgoing.outbox] == [["two@example.com"]]
    assert "The mail about a test could not be sent: SMTPRecipientsRefused" in caplog.text
    assert "example.com" not in caplog.text
