"""What people do about schedules. Every act stands in the history, with who and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from lrm import permissions
from lrm.models import Portal, User
from lrm.waking import worker_tasks
from reports.models import (
    ReportSchedule,
    ReportScheduleChange,
    ReportSending,
    ScheduleAct,
    SendingState,
)
from reports.schedules import due_times

SYSTEM = "The system"
MOST_OF_PORTAL = 50
# Within which the same form sent again is a second press of its button.
_SECOND_PRESS = timedelta(minutes=1)
SEND = worker_tasks.WorkerTask("reports.tasks.send_reports", worker_tasks.BULK)


class NotPossible(Exception):
    """It cannot be done, and the words say why."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a person asks for; fields as of `ReportSchedule`."""

    report: str
    query: str
    span: str
    cadence: str
    weekday: int
    day_of_month: int
    hour: int
    attached: str


def may_receive(user: User) -> bool:
    """Return whether a person may be sent a report: whoever may read it, and may sign in."""
    return user.is_active and permissions.may_read_synced_invoices(user)


def possible_recipients(portal: Portal) -> list[User]:
    """Return who of a portal may be sent a report and has an address."""
    users = portal.users.filter(is_active=True).exclude(email="")
    ordered = users.order_by("first_name", "last_name", "username")
    return [user for user in ordered if may_receive(user)]


def schedules_of(portal: Portal) -> list[ReportSchedule]:
    """Return a portal's schedules, the next first; those that are paused come last."""
    found = ReportSchedule.objects.filter(portal=portal, ended_at=None)
    return list(found.order_by("is_paused", "next_at", "pk").prefetch_related("recipients"))


@transaction.atomic
def make(
    *, portal: Portal, wish: Wish, recipients: Iterable[User], by: User, now: datetime
) -> ReportSchedule:
    """Make a schedule; nothing is sent before its first time.

    The same asked for again by the same person within a minute is answered by the first: else each
    mail would be sent twice.

    :raises NotPossible: the portal has as many as it may have.
    """
    Portal.objects.select_for_update().get(pk=portal.pk)
    people = list(recipients)
    made = _made_just_now(portal=portal, wish=wish, people=people, by=by, now=now)
    if made is not None:
        return made
    if ReportSchedule.objects.filter(portal=portal, ended_at=None).count() >= MOST_OF_PORTAL:
        raise NotPossible(f"There are {MOST_OF_PORTAL} schedules already. Delete one first.")
    schedule = ReportSchedule(
        portal=portal, made_by=by, made_by_name=str(by), made_at=now, **vars(wish)
    )
    schedule.next_at = due_times.next_after(schedule, now, zone=portal.zone)
    schedule.save()
    schedule.recipients.set(people)
    detail = f"{due_times.in_words(schedule)}, to {', '.join(map(str, people))}"
    note(schedule, ScheduleAct.MADE, by=by, now=now, detail=detail)
    return schedule


@transaction.atomic
def pause(*, portal: Portal, schedule_id: int, by: User, now: datetime) -> ReportSchedule | None:
    """Send nothing until somebody lets it go on; None where there is no such schedule."""
    schedule = _locked(portal, schedule_id)
    if schedule is not None and not schedule.is_paused:
        schedule.is_paused = True
        schedule.save(update_fields=["is_paused"])
        note(schedule, ScheduleAct.PAUSED, by=by, now=now)
    return schedule


@transaction.atomic
def resume(*, portal: Portal, schedule_id: int, by: User, now: datetime) -> ReportSchedule | None:
    """Go on with the next time; what was due meanwhile is not sent."""
    schedule = _locked(portal, schedule_id)
    if schedule is not None and schedule.is_paused:
        schedule.is_paused = False
        schedule.next_at = due_times.next_after(schedule, now, zone=portal.zone)
        schedule.save(update_fields=["is_paused", "next_at"])
        note(schedule, ScheduleAct.RESUMED, by=by, now=now)
    return schedule


@transaction.atomic
def send_now(*, portal: Portal, schedule_id: int, by: User, now: datetime) -> ReportSchedule | None:
    """Send one beside those that are due; once, however often it is asked for meanwhile.

    :raises NotPossible: one is on its way.
    """
    schedule = _locked(portal, schedule_id)
    if schedule is None:
        return None
    if schedule.sendings.filter(state=SendingState.WAITING).exists():
        raise NotPossible("It is being sent already. This page says when it was.")
    ReportSending.objects.create(schedule=schedule, due_at=now, asked_by_name=str(by))
    note(schedule, ScheduleAct.ASKED, by=by, now=now)
    SEND.wake()
    return schedule


@transaction.atomic
def end(*, portal: Portal, schedule_id: int, by: User, now: datetime) -> ReportSchedule | None:
    """Delete a schedule; its history stays."""
    schedule = _locked(portal, schedule_id)
    if schedule is not None:
        schedule.ended_at = now
        schedule.save(update_fields=["ended_at"])
        note(schedule, ScheduleAct.ENDED, by=by, now=now)
    return schedule


def note(
    schedule: ReportSchedule, act: ScheduleAct, *, by: User | None, now: datetime, detail: str = ""
) -> None:
    """Write a line of the history."""
    ReportScheduleChange.objects.create(
        portal_id=schedule.portal_id,
        schedule=schedule,
        at=now,
        act=act,
        by=by,
        by_name=str(by) if by else SYSTEM,
        detail=detail[:500],
    )


def _made_just_now(
    *, portal: Portal, wish: Wish, people: Iterable[User], by: User, now: datetime
) -> ReportSchedule | None:
    wanted = {one.pk for one in people}
    # One that was paused meanwhile would not be sent, as the answer says it is.
    found = ReportSchedule.objects.filter(
        portal=portal,
        made_by=by,
        made_at__gt=now - _SECOND_PRESS,
        is_paused=False,
        ended_at=None,
        **vars(wish),
    )
    alike = (one for one in found if {each.pk for each in one.recipients.all()} == wanted)
    return next(alike, None)


def _locked(portal: Portal, schedule_id: int) -> ReportSchedule | None:
    found = ReportSchedule.objects.filter(portal=portal, ended_at=None, pk=schedule_id)
    return found.select_for_update().first()
