"""`manage.py resync`: bad input is named, a verified end is exit 0, a lost connection is not."""

import io
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command, load_command_class
from django.core.management.base import CommandError
from django.db import connections

from connected_apps.models import Connection
from tests.support import waiting
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked, clock
from tests.support.resyncs import end_first, request, resync, work_with_pushes
from tests.support.run_progress import NOW, read_on, take_up
from xero_sync.management import run_output
from xero_sync.models import ContactPush, PushState, RunState, RunWhat, SyncRun


def test_verified_end_is_a_success_with_progress(linked: Linked) -> None:
    end_first(linked)

    def worker() -> None:
        try:
            while not (run := SyncRun.objects.filter(is_first=False).first()):
                pass
            linked.work(run)
        finally:
            connections.close_all()

    thread = threading.Thread(target=worker)
    thread.start()
    said = resync(linked, "--wait")
    thread.join()

    assert "Done" in said
    assert "documents" in said


def test_days_that_another_run_reads_are_waited_for_too(linked: Linked) -> None:
    end_first(linked)
    other = request(linked, "2026-03-01", "2026-05-31")
    said = io.StringIO()

    def worker() -> None:
        try:
            # It knows what to wait for when it begins to speak.
            while not said.getvalue():
                pass
            while not (run := SyncRun.objects.filter(is_first=False).exclude(pk=other.pk).first()):
                pass
            linked.work(run)
            SyncRun.objects.filter(pk=other.pk).update(state=RunState.CANCELLED)
        finally:
            connections.close_all()

    thread = threading.Thread(target=worker)
    thread.start()
    with pytest.raises(CommandError, match="Cancelled"):
        resync(linked, "--wait", said=said)
    thread.join()


def test_learners_are_waited_for_until_they_are_proved(linked: Linked) -> None:
    end_first(linked)
    save(linked)
    today = clock().astimezone(linked.portal.zone).date()

    def worker() -> None:
        try:
            while not (run := SyncRun.objects.filter(what=RunWhat.LEARNERS).first()):
                pass
            work_with_pushes(linked, run)
        finally:
            connections.close_all()

    thread = threading.Thread(target=worker)
    thread.start()
    start, end = str(today - timedelta(days=1)), str(today)
    said = resync(linked, "--what", "learners", "--wait", start=start, end=end)
    thread.join()

    assert "1 of 1 learner is in Xero, as they are here" in said.splitlines()[-1]
    assert len(contacts_numbered(linked, "L900001")) == 1


def test_refused_learner_is_no_success(linked: Linked) -> None:
    end_first(linked)
    save(linked)
    today = clock().astimezone(linked.portal.zone).date()

    def worker() -> None:
        try:
            while not (run := SyncRun.objects.filter(what=RunWhat.LEARNERS).first()):
                pass
            linked.work(run)
            ContactPush.objects.update(state=PushState.REFUSED, problem="No.")
            work_with_pushes(linked, run)
        finally:
            connections.close_all()

    thread = threading.Thread(target=worker)
    thread.start()
    start, end = str(today - timedelta(days=1)), str(today)
    with pytest.raises(CommandError, match=r"Done with problems\. 1 refused by Xero"):
        resync(linked, "--what", "learners", "--wait", start=start, end=end)
    thread.join()


def test_without_waiting_it_is_queued(linked: Linked) -> None:
    assert "is queued" in resync(linked)


def test_lost_connection_ends_the_waiting(linked: Linked) -> None:
    end_first(linked)
    connection = Connection.objects.get()
    before = connection.state

    def breaker() -> None:
        try:
            while not SyncRun.objects.filter(is_first=False).exists():
                pass
            Connection.objects.update(state="DISCONNECTED_IN_XERO")
        finally:
            connections.close_all()

    thread = threading.Thread(target=breaker)
    thread.start()
    with pytest.raises(CommandError, match="not connected any more"):
        resync(linked, "--wait")
    thread.join()

    assert before == "CONNECTED"


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("2026-03-02", "2026-03-01", "--to: The end is before the start"),
        ("soon", "2026-03-01", "not a date such as 2026-03-31"),
    ],
)
def test_bad_dates_name_the_option(linked: Linked, start: str, end: str, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        resync(linked, start=start, end=end)


def test_run_that_nobody_works_on_is_said_to_have_stalled(linked: Linked) -> None:
    end_first(linked)
    run = request(linked, "2026-01-01", "2026-03-31")
    SyncRun.objects.filter(pk=run.pk).update(heard_at=clock() - timedelta(hours=1))
    said = io.StringIO()

    def person() -> None:
        try:
            waiting.wait_until(lambda: "worker-bulk" in said.getvalue())
            SyncRun.objects.filter(pk=run.pk).update(state=RunState.CANCELLED)
        finally:
            connections.close_all()

    thread = threading.Thread(target=person)
    thread.start()
    with pytest.raises(CommandError, match="Cancelled"):
        resync(linked, "--wait", said=said)
    thread.join()

    assert "Stalled. Nobody works on it since " in said.getvalue()
    assert "start them" in said.getvalue()


def test_line_tells_time_pace_and_what_is_left(linked: Linked) -> None:
    end_first(linked)
    run = take_up(request(linked, "2026-01-01", "2026-03-31"), now=NOW)
    read_on(run, 3120, of=8000, now=NOW + timedelta(seconds=60))

    line = run_output.line_of(run, now=NOW + timedelta(seconds=60))

    assert line == (
        "10:01:00 Running: 3,120 of 8,000 documents, 0 new, 0 changed, 0 unchanged, "
        "0 could not be saved; 52 a second, about 2 min left"
    )


def test_line_of_a_pause_tells_until_when(linked: Linked) -> None:
    end_first(linked)
    run = request(linked, "2026-01-01", "2026-03-31")
    run.state, run.reason = RunState.PAUSED, "Xero's limit of calls a day is reached"
    run.not_before = datetime(2026, 3, 3, 2, tzinfo=UTC)

    line = run_output.line_of(run, now=NOW)

    assert "Paused until 2026-03-03 02:00 UTC (Xero's limit of calls a day is reached)" in line


def test_help_says_what_dates_look_like(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        load_command_class("xero_sync", "resync").run_from_argv(["manage.py", "resync", "--help"])

    said = capsys.readouterr().out
    assert "--from YYYY-MM-DD" in said
    assert "--to YYYY-MM-DD" in said
    assert "The first day" in said


def test_unknown_portal_is_named(db: None) -> None:
    with pytest.raises(CommandError, match="There is no portal 'nowhere'"):
        call_command("resync", "nowhere", "--from", "2026-01-01", "--to", "2026-01-02")


def test_waiting_ends_with_the_reason_where_nothing_comes_on(linked: Linked) -> None:
    end_first(linked)

    def parker() -> None:
        try:
            while not SyncRun.objects.filter(is_first=False).exists():
                pass
            SyncRun.objects.filter(is_first=False).update(
                state=RunState.PAUSED,
                reason="Xero refuses access; see Connected Apps",
                not_before=clock() + timedelta(minutes=10),
            )
        finally:
            connections.close_all()

    thread = threading.Thread(target=parker)
    thread.start()
    with pytest.raises(CommandError, match="Xero refuses access") as ended:
        resync(linked, "--wait", "--patience", "0.05")
    thread.join()

    assert ended.value.returncode == 3
    assert "Nothing has come on for 0.05 minutes" in str(ended.value)
    assert SyncRun.objects.get(is_first=False).is_open
