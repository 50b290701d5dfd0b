"""What a worker takes of many mailings that wait, and when its turn ends."""

import datetime

import pytest
from django.core import mail
from django.test import Client

from connected_apps.models import Organisation
from lrm.models import User
from reports.models import ReportSchedule, ReportSending, SendingState
from reports.schedules import sendings
from tests.support import worker_stopping
from tests.support.report_schedules import DAY, HOUR, make, send

MINUTE = HOUR / 60


@pytest.fixture
def schedule(organisation: Organisation, maker: User, client: Client) -> ReportSchedule:
    """A schedule that makes no mailing by itself for a week."""
    schedule = make(client, maker)
    schedule.next_at += 7 * DAY
    schedule.save(update_fields=["next_at"])
    return schedule


def let_wait(
    schedule: ReportSchedule,
    count: int,
    *,
    due_at: datetime.datetime,
    not_before: datetime.datetime | None = None,
    leased_until: datetime.datetime | None = None,
) -> None:
    """Store mailings of one schedule, a second apart."""
    ReportSending.objects.bulk_create(
        ReportSending(
            schedule=schedule,
            due_at=due_at + datetime.timedelta(seconds=number),
            not_before=not_before,
            leased_until=leased_until,
        )
        for number in range(count)
    )


@pytest.mark.parametrize("kept_by", ["not_before", "leased_until"])
def test_hundred_that_cannot_be_taken_keep_no_other_from_being_mailed(
    schedule: ReportSchedule, kept_by: str
) -> None:
    now = schedule.next_at - DAY
    let_wait(schedule, 100, due_at=now - HOUR, **{kept_by: now + MINUTE})
    let_wait(schedule, 1, due_at=now - MINUTE)

    assert send(now) == 1

    assert len(mail.outbox) == 1
    assert ReportSending.objects.get(state=SendingState.DONE).due_at == now - MINUTE


def test_turn_ends_though_more_waits_and_the_next_goes_on(schedule: ReportSchedule) -> None:
    now = schedule.next_at - DAY
    let_wait(schedule, 10, due_at=now - HOUR)
    passed = datetime.timedelta()

    def clock() -> datetime.datetime:
        nonlocal passed
        passed += datetime.timedelta(seconds=1)
        return now + passed

    first = sendings.send_all(clock=clock)
    turn = passed
    second = send(now + HOUR)

    assert 0 < first < 10
    assert turn < datetime.timedelta(seconds=30)
    assert first + second == 10
    assert len(mail.outbox) == 10


def test_worker_that_is_told_to_stop_begins_no_other(schedule: ReportSchedule) -> None:
    now = schedule.next_at - DAY
    let_wait(schedule, 2, due_at=now - HOUR)

    with worker_stopping.told_to_stop():
        assert send(now) == 0

    assert send(now) == 2
