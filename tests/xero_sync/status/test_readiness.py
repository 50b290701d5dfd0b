"""/readyz tells operators how long things have waited."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from connected_apps.models import Connection
from tests.support import builders
from tests.support.learners import save
from tests.support.linked import Linked
from xero_sync.models import ContactPush, Inbox, WebhookEvent
from xero_sync.status import readiness

HOUR = timedelta(hours=1)


def test_readyz_tells_the_age_of_queues_and_sweeps(linked: Linked) -> None:
    before = builders.client_of(None).get("/readyz").json()["checks"]

    linked.sweep()
    save(linked)
    after = builders.client_of(None).get("/readyz").json()["checks"]

    assert before["xero_sync"]["runs"] >= 0
    assert before["xero_sync"]["sweeps"]["INVOICE"] is None
    assert after["xero_sync"]["runs"] is None
    assert after["xero_sync"]["sweeps"]["INVOICE"] >= 0
    assert after["xero_sync"]["pushes"] >= 0
    assert after["xero_sync"]["deliveries"] is None


def test_what_waits_for_a_person_is_not_the_workers_delay(linked: Linked) -> None:
    save(linked)
    Connection.objects.update(state="DISCONNECTED_HERE")

    ages = readiness.ages()

    assert (ages["runs"], ages["runs_stalled"], ages["pushes"]) == (None, 0, None)


def make_event(linked: Linked, *, received_at: datetime, not_before: datetime | None) -> None:
    WebhookEvent.objects.create(
        organisation=linked.organisation,
        category="INVOICE",
        event_type="UPDATE",
        received_at=received_at,
        not_before=not_before,
    )


@pytest.mark.parametrize(
    ("event_put_off", "inbox_put_off", "age"),
    [
        (None, None, 3 * HOUR),
        (HOUR, None, None),
        (None, HOUR, None),
        (-HOUR, HOUR, None),
        (-HOUR, None, HOUR),
        (-2 * HOUR, -HOUR, HOUR),
        (-HOUR, -2 * HOUR, HOUR),
    ],
)
def test_event_waits_for_a_worker_from_when_one_could_take_it(
    linked: Linked,
    event_put_off: timedelta | None,
    inbox_put_off: timedelta | None,
    age: timedelta | None,
) -> None:
    now = timezone.now()
    Inbox.objects.create(
        organisation=linked.organisation,
        not_before=None if inbox_put_off is None else now + inbox_put_off,
    )
    make_event(
        linked,
        received_at=now - 3 * HOUR,
        not_before=None if event_put_off is None else now + event_put_off,
    )

    told = readiness.ages()["events"]

    assert told == (None if age is None else pytest.approx(age.total_seconds(), abs=30))


def test_event_that_is_put_off_hides_none_that_stands_still(linked: Linked) -> None:
    now = timezone.now()
    make_event(linked, received_at=now - 3 * HOUR, not_before=now + HOUR)
    make_event(linked, received_at=now - HOUR, not_before=None)

    assert readiness.ages()["events"] == pytest.approx(HOUR.total_seconds(), abs=30)


@pytest.mark.parametrize(("put_off", "age"), [(None, 3 * HOUR), (HOUR, None), (-HOUR, HOUR)])
def test_push_waits_for_a_worker_from_when_one_could_take_it(
    linked: Linked, put_off: timedelta | None, age: timedelta | None
) -> None:
    save(linked)
    now = timezone.now()
    ContactPush.objects.update(
        requested_at=now - 3 * HOUR, not_before=None if put_off is None else now + put_off
    )

    told = readiness.ages()["pushes"]

    assert told == (None if age is None else pytest.approx(age.total_seconds(), abs=30))
