"""The mail on a broken connection says what to do, since when and by whose clock."""

from datetime import UTC, datetime, timedelta

from django.core import mail
from pytest_django import DjangoCaptureOnCommitCallbacks

from connected_apps.models import State
from connected_apps.states import states
from lrm.models import Notice, Portal
from tests.support import builders, page_reading
from tests.support.connections import NOW, make_connection

# 9:12 pm on 21 November in Sydney.
IN_STEP = datetime(2026, 11, 21, 10, 12, tzinfo=UTC)


def test_mail_names_the_action_and_since_when_changes_are_missing(
    portal: Portal, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    connection = make_connection(portal, State.CONNECTED, last_good_sync_at=IN_STEP)

    with django_capture_on_commit_callbacks(execute=True):
        states.apply(
            connection_id=connection.pk,
            trigger=states.Trigger.GONE_IN_XERO,
            by=None,
            why="Somebody disconnected it there.",
            now=NOW + timedelta(minutes=1),
        )

    (message,) = mail.outbox
    assert message.to == [admin.email]
    assert message.subject == "Action needed: reconnect Xero for Wattle Creek Training"
    assert (
        "Changes since 9:12 pm AEDT on 21 November 2026 are missing here"
        in page_reading.text_of(str(message.body))
    )
    assert "Reconnect: " in page_reading.text_of(str(message.body))
    assert Notice.objects.get(user=admin).text == (
        "Demo RTO was disconnected in Xero. Somebody disconnected it there."
    )
