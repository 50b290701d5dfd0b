"""Reports by e-mail where the mail server is away, or does not take what it is given."""

from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from typing import Any, ClassVar

import pytest
from django.core import mail
from django.core.mail.backends import locmem
from django.test import Client
from pytest_django.fixtures import Settings

from connected_apps.models import Organisation
from lrm.models import Notice, Portal, User
from reports.models import ReportScheduleChange, ReportSending, SendingState
from tests.support import builders as people
from tests.support import page_reading
from tests.support.report_schedules import DAY, HOUR, LIST, make, send

REFUSED = "refused@example.com"


class Refusing(locmem.EmailBackend):
    """A mail server that answers for one address as it is told to."""

    answers: ClassVar[list[SMTPException]] = []

    def send_messages(self, messages: Any) -> int:
        """Refuse what goes to the address as a server does."""
        if messages[0].to == [REFUSED] and self.answers:
            raise self.answers.pop(0)
        return super().send_messages(messages)


def test_mail_server_that_is_away_is_tried_again_and_the_maker_is_told(
    organisation: Organisation, maker: User, client: Client, settings: Settings
) -> None:
    due = make(client, maker).next_at
    works = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", 1

    for minutes in (0, 0.5, 2, 5):
        send(due + minutes * HOUR / 60)
    sending = ReportSending.objects.get()
    listed = page_reading.text_of(client.get(LIST).content.decode())
    settings.EMAIL_BACKEND = works
    send(due + HOUR)

    assert sending.attempts == 3
    assert "The mail server does not take mail at the moment; it is tried again" in listed
    assert [message.to for message in mail.outbox] == [[maker.email]]
    assert "could not be sent yet" in Notice.objects.get(user=maker).text


def test_sending_is_given_up_after_a_day(
    organisation: Organisation, maker: User, client: Client, settings: Settings
) -> None:
    due = make(client, maker).next_at
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", 1

    send(due)
    send(due + DAY)
    send(due + 2 * DAY)

    assert ReportSending.objects.get().state == SendingState.FAILED
    assert Notice.objects.filter(user=maker, text__contains="was not sent").count() == 1
    assert ReportScheduleChange.objects.filter(act="GIVEN_UP").count() == 1


@pytest.fixture
def refused(portal: Portal, maker: User, settings: Settings) -> User:
    """A person whose mail the server does not take as it should; before others in any order."""
    person = people.make_user(portal, accounts=True)
    User.objects.filter(pk=person.pk).update(email=REFUSED)
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    return person


@pytest.mark.parametrize(
    "answer",
    [SMTPRecipientsRefused({REFUSED: (550, b"unknown")}), SMTPDataError(552, b"too large")],
)
def test_whom_the_mail_server_refuses_keeps_nobody_from_theirs(
    organisation: Organisation,
    refused: User,
    portal: Portal,
    maker: User,
    client: Client,
    answer: SMTPException,
) -> None:
    colleague = people.make_user(portal, accounts=True)
    Refusing.answers = [answer]
    due = make(client, refused, colleague).next_at

    send(due)

    assert [message.to for message in mail.outbox] == [[colleague.email]]
    assert "the mail server refuses it" in Notice.objects.get(user=maker).text
    assert ReportSending.objects.get().state == SendingState.DONE


@pytest.mark.parametrize(
    "answer", [SMTPRecipientsRefused({REFUSED: (450, b"greylisted")}), SMTPDataError(451, b"busy")]
)
def test_whom_the_mail_server_puts_off_gets_it_later_and_others_at_once(
    organisation: Organisation,
    refused: User,
    portal: Portal,
    client: Client,
    answer: SMTPException,
) -> None:
    colleague = people.make_user(portal, accounts=True)
    Refusing.answers = [answer]
    due = make(client, refused, colleague).next_at

    send(due)
    at_once = [message.to for message in mail.outbox]
    send(due + HOUR)

    assert at_once == [[colleague.email]]
    assert [message.to for message in mail.outbox] == [[colleague.email], [REFUSED]]
    assert ReportSending.objects.get().state == SendingState.DONE
