"""Sync runs as people meet them: merging, cancelling and the end."""

from datetime import date, datetime, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.db.models import F

from connected_apps.models import AuditEvent, Connection
from invoices.models import Document
from lrm.models import Notice
from tests.support import builders
from tests.support.linked import Linked, clock
from tests.support.resyncs import PAGE, ask, end_first, request
from xero_sync import signal_handlers
from xero_sync.models import RunState, SyncRun
from xero_sync.runs import resumption, run_requests, run_status, run_worker
from xero_sync.sweeps import sweeper


def test_connecting_starts_the_first_sync_by_itself(linked: Linked) -> None:
    first = SyncRun.objects.get()

    assert (first.is_first, first.state) == (True, RunState.QUEUED)
    assert linked.work(first).state == RunState.DONE


def test_request_within_an_open_run_is_answered_by_it(linked: Linked) -> None:
    end_first(linked)
    colleague = builders.make_user(linked.portal, portal_admin=True)
    run = request(linked, "2026-01-01", "2026-03-31")

    assert request(linked, "2026-01-01", "2026-03-31") == run
    assert request(linked, "2026-02-01", "2026-02-28", colleague) == run

    linked.work(run)
    told = {notice.user.pk for notice in Notice.objects.all()}
    assert told == {linked.manager.pk, colleague.pk}


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        (("2026-03-01", "2026-05-31"), (date(2026, 4, 1), date(2026, 5, 31))),
        (("2025-12-01", "2026-01-31"), (date(2025, 12, 1), date(2025, 12, 31))),
        (("2026-04-01", "2026-04-30"), (date(2026, 4, 1), date(2026, 4, 30))),
    ],
)
def test_request_beside_an_open_run_reads_only_the_other_days(
    linked: Linked, asked: tuple[str, str], read: tuple[date, date]
) -> None:
    end_first(linked)
    request(linked, "2026-01-01", "2026-03-31")

    run = request(linked, *asked)

    assert (run.date_from, run.date_to) == read


def test_longer_request_replaces_the_open_run(linked: Linked) -> None:
    end_first(linked)
    shorter = request(linked, "2026-02-01", "2026-02-28")

    longer = request(linked, "2026-01-01", "2026-03-31")

    shorter.refresh_from_db()
    assert (shorter.state, longer.state) == (RunState.CANCELLED, RunState.QUEUED)


def test_people_of_a_replaced_run_are_told_of_the_longer_one(linked: Linked) -> None:
    end_first(linked)
    colleague = builders.make_user(linked.portal, portal_admin=True)
    request(linked, "2026-02-01", "2026-02-28", colleague)

    longer = request(linked, "2026-01-01", "2026-03-31")
    linked.work(longer)

    told = {notice.user.pk for notice in Notice.objects.all()}
    assert told == {linked.manager.pk, colleague.pk}
    assert AuditEvent.objects.filter(action="RESYNC_REPLACED", actor=linked.manager).exists()


def test_person_is_told_of_the_open_run_that_reads_the_rest(linked: Linked) -> None:
    end_first(linked)
    colleague = builders.make_user(linked.portal, portal_admin=True)
    first = request(linked, "2026-01-01", "2026-03-31")

    request(linked, "2026-03-01", "2026-05-31", colleague)

    assert list(first.also_for.all()) == [colleague]


def test_worker_of_before_does_not_put_off_a_run_that_was_taken_up_again(linked: Linked) -> None:
    run = ask(linked)
    looks = 0

    def time_when_it_is_taken_up_again() -> datetime:
        nonlocal looks
        looks += 1
        if looks == 2:  # The first is for taking it.
            Connection.objects.update(generation=F("generation") + 1)
            connection = Connection.objects.get()
            signal_handlers.on_connected(connection=connection, same_organisation=True)
        return clock()

    delay = run_worker.work_on(run_id=run.pk, clock=time_when_it_is_taken_up_again)

    run.refresh_from_db()
    assert delay is None
    assert (run.state, run.not_before) == (RunState.QUEUED, None)
    assert run.generation == Connection.objects.get().generation


def test_mail_that_cannot_be_sent_leaves_no_address_in_the_log(
    linked: Linked, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_options: Any) -> None:
        raise SMTPRecipientsRefused({linked.manager.email: (550, b"unknown")})

    monkeypatch.setattr(mail.get_connection().__class__, "send_messages", refuse)

    linked.work(ask(linked))

    assert "SMTPRecipientsRefused" in caplog.text
    assert linked.manager.email not in caplog.text


def test_end_is_told_by_bell_and_mail_with_all_counts(linked: Linked) -> None:
    run = linked.work(ask(linked))

    notice = Notice.objects.get(user=linked.manager)
    assert " finished: 864 documents read, complete. " in notice.text
    assert notice.text.endswith(" belong to no learner.")
    nobodys = "/settings/connected-apps/xero/contacts/?tab=no-learner"
    assert notice.url == nobodys
    assert f"Documents that belong to no learner: {settings.PUBLIC_URL}{nobodys}" in (
        mail.outbox[0].body
    )
    assert [message.to for message in mail.outbox] == [[linked.manager.email]]
    assert mail.outbox[0].subject.endswith(" finished")
    invoices = run.steps.get(resource="INVOICE")
    assert f"Invoices: {invoices.xero_count:,} in Xero, as many here; AUD " in mail.outbox[0].body


def test_cancelled_run_resumes_where_it_stopped(linked: Linked) -> None:
    run = ask(linked)
    assert run_requests.cancel(run=run, by=linked.manager, now=clock())
    assert not run_requests.cancel(run=run, by=linked.manager, now=clock())

    run.refresh_from_db()
    assert resumption.resume(run=run, by=linked.manager, now=clock())

    assert linked.work(run).state == RunState.DONE


def test_silent_run_is_said_to_have_stalled_but_a_waiting_one_is_not(linked: Linked) -> None:
    run = ask(linked)
    later = clock() + timedelta(minutes=4)

    assert run_status.has_stalled(run, now=later)

    run.not_before = later
    assert not run_status.has_stalled(run, now=later)
    run.not_before, run.state = None, RunState.DONE
    assert not run_status.has_stalled(run, now=later)


def test_run_of_a_broken_connection_waits_for_a_person_and_has_not_stalled(linked: Linked) -> None:
    run = ask(linked)
    Connection.objects.update(state="DISCONNECTED_IN_XERO")
    run = SyncRun.objects.get(pk=run.pk)

    assert not run_status.has_stalled(run, now=clock() + timedelta(hours=1))

    SyncRun.objects.update(requested_at=clock() - timedelta(hours=1), heard_at=None)
    page = builders.client_of(linked.manager).get(PAGE).content.decode()
    assert "the workers seem to be stopped" not in page
    assert "waits until Xero is connected again" in page


def test_run_waits_for_an_outage_and_goes_on_by_itself(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/CreditNotes", named="maintenance")
    run = ask(linked)

    linked.work(run)
    assert (run.state, run.reason) == (
        RunState.PAUSED,
        "Xero is not answering at the moment; trying again by itself",
    )

    SyncRun.objects.update(not_before=None)
    assert linked.work(run).state == RunState.DONE


def test_day_limit_pauses_the_connection_until_xero_opens_again(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/Invoices", named="day")
    run = ask(linked)

    before = clock()
    linked.work(run)
    after = clock()

    linked.connection.refresh_from_db()
    assert (run.state, linked.connection.state) == (RunState.PAUSED, "PAUSED")
    # What the simulator names for a used-up day.
    told = timedelta(seconds=66_975)
    for moment in (linked.connection.paused_until, run.not_before):
        assert moment is not None
        assert before + told <= moment <= after + told


def test_window_that_xero_refuses_is_read_in_parts(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/Invoices", status=400, body='{"ErrorNumber":16}')
    run = ask(linked)

    linked.work(run)

    assert run.state == RunState.DONE
    windows = list(run.steps.filter(resource="INVOICE").order_by("date_from"))
    assert [(one.date_from, one.date_to) for one in windows] == [
        (run.date_from, windows[0].date_to),
        (windows[0].date_to + timedelta(days=1), run.date_to),
    ]


def test_document_lost_here_is_read_again_by_the_verification(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/CreditNotes", named="maintenance")
    run = linked.work(ask(linked))
    lost = Document.objects.filter(kind="INVOICE").order_by("pk")[0]
    lost.delete()
    SyncRun.objects.update(not_before=None)

    linked.work(run)

    assert run.state == RunState.DONE
    assert any("reading them once more" in line.text for line in run.lines.all())
    assert Document.objects.filter(xero_id=lost.xero_id).exists()


def test_document_that_cannot_be_told_apart_is_named_by_number(linked: Linked) -> None:
    run = ask(linked)
    Document.objects.create(
        organisation=linked.organisation,
        kind="INVOICE",
        xero_id="a0000000-0000-4000-8000-00000000dead",
        number="INV-GHOST",
        status="AUTHORISED",
        date=run.date_to,
        sub_total=1,
        total_tax=0,
        total=1,
        amount_due=1,
        amount_paid=0,
        amount_credited=0,
        updated_at=clock(),
        read_at=clock(),
        digest=b"",
        raw={},
        first_synced_at=clock(),
        synced_at=clock(),
    )

    linked.work(run)

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert "Invoice INV-GHOST: no longer in Xero for these dates" in run.reason


def test_everything_is_said_to_be_in_step_soon_after_the_first_sync(linked: Linked) -> None:
    organisation_id = linked.organisation.pk
    assert sweeper.sweep(organisation_id=organisation_id, clock=clock) is None
    linked.connection.refresh_from_db()
    assert linked.connection.last_good_sync_at is None

    linked.work(SyncRun.objects.get(is_first=True))
    assert sweeper.sweep(organisation_id=organisation_id, clock=clock) is None

    linked.connection.refresh_from_db()
    assert linked.connection.last_good_sync_at is not None
