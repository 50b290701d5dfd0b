"""What workers do about schedules: what is due becomes a row, and rows become mails."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused

from django.core import mail
from django.db import transaction
from django.urls import reverse

from lrm import notices, snapshots
from lrm.models import NoticeLevel, User
from lrm.waking import worker_stop
from reports.models import (
    Outcome,
    ReportLetter,
    ReportSchedule,
    ReportSending,
    ScheduleAct,
    SendingState,
)
from reports.schedules import contents, due_times, letters, requests
from xero_sync.jobs import leases

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]
# Tried again for so long after it was due, first soon, then every hour.
PATIENCE = timedelta(days=1)
_LONGEST_WAIT = timedelta(hours=1)
_MOST_AT_ONCE = 100
# A mail server that hangs costs each sending ten seconds, and a worker has others to serve.
_TURN = timedelta(seconds=20)
_AWAY = "The mail server does not take mail at the moment"
_FAULT = "A fault of this system keeps the report from being made"


def send_all(*, clock: Clock) -> int:
    """Do what is due, for a turn; return how many sendings were worked on.

    What is left has its turn when beat wakes again.
    """
    now = clock()
    ends_at = now + _TURN
    note_due(now=now)
    waiting = ReportSending.objects.filter(
        leases.takeable(ReportSending, now), state=SendingState.WAITING
    )
    worked_on = 0
    for pk in waiting.order_by("due_at", "pk").values_list("pk", flat=True)[:_MOST_AT_ONCE]:
        if clock() >= ends_at or worker_stop.is_asked():
            break
        sending = leases.take(ReportSending, pk, now=clock(), state=SendingState.WAITING)
        if sending is not None:
            _work_on(sending, clock=clock)
            worked_on += 1
    return worked_on


@transaction.atomic
def note_due(*, now: datetime) -> int:
    """Make a sending of each schedule that is due, and say when its next one is.

    Of those that fell due while no worker ran, one is sent.
    """
    due = ReportSchedule.objects.filter(next_at__lte=now, is_paused=False, ended_at=None)
    locked = due.select_related("portal").order_by("next_at", "pk")
    schedules = list(locked.select_for_update(skip_locked=True, of=("self",))[:_MOST_AT_ONCE])
    for schedule in schedules:
        ReportSending.objects.get_or_create(schedule=schedule, due_at=schedule.next_at)
        schedule.next_at = due_times.next_after(schedule, now, zone=schedule.portal.zone)
        schedule.save(update_fields=["next_at"])
    return len(schedules)


def _work_on(sending: ReportSending, *, clock: Clock) -> None:
    """Send what is left of a sending; whatever happens, let go of its row."""
    try:
        _send(sending, clock=clock)
    except leases.LeaseLost:
        logger.info("Lost the lease on %s", sending)
    except contents.NotPossible as reason:
        _give_up(sending, str(reason), now=clock())
    except (SMTPException, OSError) as error:
        # Its own words may hold somebody's address.
        logger.warning("%s could not be mailed: %s", sending, type(error).__name__)
        _put_off(sending, _AWAY, now=clock())
    except Exception:
        # One that cannot be made never holds up another.
        logger.exception("%s could not be made", sending)
        _put_off(sending, _FAULT, now=clock())


def _send(sending: ReportSending, *, clock: Clock) -> None:
    schedule = sending.schedule
    if schedule.ended_at is not None or (schedule.is_paused and not sending.asked_by_name):
        leases.release(sending, state=SendingState.CALLED_OFF)
        return
    wanted = _not_dealt_with(sending)
    entitled = [user for user in wanted if _is_entitled(user, sending, clock=clock)]
    if entitled:
        _mail_to(entitled, sending, clock=clock)
    _finish(sending, now=clock())


def _not_dealt_with(sending: ReportSending) -> list[User]:
    done = sending.letters.values("user")
    return list(sending.schedule.recipients.exclude(pk__in=done).order_by("pk"))


def _is_entitled(user: User, sending: ReportSending, *, clock: Clock) -> bool:
    """Return whether a person may be sent it now; note why where not."""
    is_ours = user.portal_id == sending.schedule.portal_id
    if is_ours and requests.may_receive(user) and user.email:
        return True
    is_allowed = is_ours and requests.may_receive(user)
    _note(sending, user, Outcome.NO_ADDRESS if is_allowed else Outcome.NO_RIGHT, now=clock())
    return False


def _mail_to(users: list[User], sending: ReportSending, *, clock: Clock) -> None:
    """Make the report once and mail it to each; whom the server refuses keeps nobody from theirs.

    :raises SMTPException: the server does not take it at the moment, for all or for some.
    """
    schedule = sending.schedule
    with snapshots.one_moment():
        content = contents.content_of(
            portal=schedule.portal,
            report=schedule.report,
            query=schedule.query,
            span=schedule.span,
            now=clock(),
        )
        letter = letters.letter_of(sending, content)
    not_yet: SMTPException | None = None
    with mail.get_connection() as connection:
        for user in users:
            # Proves the lease just before, so that no two workers mail the same person.
            leases.renew(sending, now=clock())
            message = letters.message_to(user, letter, sending=sending, connection=connection)
            try:
                message.send()
            except (SMTPRecipientsRefused, SMTPDataError) as error:
                if _is_for_good(error):
                    _note(sending, user, Outcome.REFUSED, now=clock())
                else:
                    not_yet = error
            else:
                _note(sending, user, Outcome.SENT, now=clock())
    if not_yet is not None:
        raise not_yet


def _is_for_good(error: SMTPRecipientsRefused | SMTPDataError) -> bool:
    """Return whether the mail server will never take a message; by 4xx it asks for patience."""
    if isinstance(error, SMTPDataError):
        return error.smtp_code >= 500
    return all(code >= 500 for code, _ in error.recipients.values())


def _note(sending: ReportSending, user: User, outcome: Outcome, *, now: datetime) -> None:
    ReportLetter.objects.get_or_create(
        sending=sending, user=user, defaults={"outcome": outcome, "at": now}
    )


@transaction.atomic
def _finish(sending: ReportSending, *, now: datetime) -> None:
    """End a sending, and tell the maker who got nothing and why."""
    found = list(sending.letters.select_related("user").order_by("user__username"))
    without = [
        f"{letter.user}: {Outcome(letter.outcome).label.lower()}"
        for letter in found
        if letter.outcome != Outcome.SENT
    ]
    problem = "; ".join(without)[:500]
    leases.release(sending, state=SendingState.DONE, sent_at=now, problem=problem)
    count = len(found) - len(without)
    many = "person" if count == 1 else "people"
    detail = f"To {count} {many}" + (f". Nothing to {problem}" if problem else "")
    requests.note(sending.schedule, ScheduleAct.SENT, by=None, now=now, detail=detail)
    if problem:
        _tell_maker(sending, f"was not sent to everybody. {problem}.")


@transaction.atomic
def _put_off(sending: ReportSending, why: str, *, now: datetime) -> None:
    if now - sending.due_at >= PATIENCE:
        _give_up(sending, f"{why}. It was tried for a day.", now=now)
        return
    wait = min(timedelta(minutes=2**sending.attempts), _LONGEST_WAIT)
    is_first = sending.attempts == 0
    changes = {
        "not_before": now + wait,
        "attempts": sending.attempts + 1,
        "problem": f"{why}; it is tried again by itself for a day",
    }
    if leases.update_leased(sending, leased_until=None, **changes) and is_first:
        _tell_maker(
            sending,
            f"could not be sent yet. {why}. It is tried again by itself for a day; support can "
            "look into it.",
        )


@transaction.atomic
def _give_up(sending: ReportSending, why: str, *, now: datetime) -> None:
    changes = {"state": SendingState.FAILED, "problem": why[:500]}
    if leases.update_leased(sending, leased_until=None, **changes):
        requests.note(sending.schedule, ScheduleAct.GIVEN_UP, by=None, now=now, detail=why)
        _tell_maker(sending, f"was not sent. {why}")


def _tell_maker(sending: ReportSending, what: str) -> None:
    maker = sending.schedule.made_by
    if maker is not None and maker.is_active:
        notices.notify(
            users=[maker],
            text=f"Report #{sending.schedule.report} on a schedule {what}",
            level=NoticeLevel.WARNING,
            url=reverse("report_schedules"),
        )
