"""Beat wakes for everything that waits: a row whose message was lost is worked on all the same."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from pytest_django.fixtures import Settings

from connected_apps.models import State
from invoices.models import Document
from tests.support import builders, webhook_posts
from tests.support.broker import Broker, Message
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask, ask_for_learners
from tests.support.xero_documents import open_invoice
from xero_sync import tasks
from xero_sync.jobs import sweep_schedule
from xero_sync.models import (
    ContactPush,
    Cursor,
    EventState,
    Inbox,
    LearnerRefresh,
    PushState,
    RunState,
    SyncRun,
    WebhookEvent,
)
from xero_sync.webhooks import deliveries

# What Xero is scripted to name for a used-up day.
DAY = timedelta(seconds=66_975)


@pytest.fixture
def broker() -> Iterator[Broker]:
    found = Broker()
    yield found
    found.lose_all()
    found.valkey.close()


@pytest.fixture
def quiet(linked: Linked, broker: Broker, settings: Settings) -> Linked:
    """Give a portal that is in step with Xero, where nothing waits and nothing is due."""
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS
    linked.sweep()
    broker.answer()
    for _ in range(3):
        tasks.wake_all()
        broker.answer()
    Cursor.objects.update(next_due_at=clock() + timedelta(hours=5))
    tasks.wake_all()
    assert broker.waiting() == []
    assert ours(linked) == theirs(linked)
    return linked


def pay(linked: Linked) -> None:
    """Pay an invoice in Xero; nobody here hears of it."""
    invoice_id = open_invoice(linked)
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=invoice_id)


def deliver(linked: Linked) -> None:
    """Let a payment's webhook arrive."""
    invoice_id = open_invoice(linked)
    linked.world.do("documents", tenant=linked.tenant, act="pay", id=invoice_id)
    webhook_posts.deliver(webhook_posts.event(linked, "INVOICE", invoice_id))


def leave_delivery(linked: Linked) -> Message:
    deliver(linked)
    return tasks.unpack_deliveries.name, []


def leave_event(linked: Linked) -> Message:
    deliver(linked)
    deliveries.unpack(now=clock())
    return tasks.fetch_events.name, [linked.organisation.pk]


def leave_event_of_a_killed_worker(linked: Linked) -> Message:
    message = leave_event(linked)
    past = clock() - timedelta(seconds=1)
    Inbox.objects.update_or_create(
        organisation=linked.organisation, defaults={"leased_until": past, "not_before": past}
    )
    return message


def leave_sweep(linked: Linked) -> Message:
    pay(linked)
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=clock())
    return tasks.sweep.name, [linked.organisation.pk]


def leave_sweep_of_a_killed_worker(linked: Linked) -> Message:
    message = leave_sweep(linked)
    Cursor.objects.update(leased_until=clock() - timedelta(seconds=1))
    return message


def leave_run(linked: Linked) -> Message:
    pay(linked)
    return tasks.work_on_run.name, [ask(linked).pk]


def leave_run_of_a_killed_worker(linked: Linked) -> Message:
    message = leave_run(linked)
    SyncRun.objects.filter(state=RunState.QUEUED).update(
        state=RunState.RUNNING, leased_until=clock() - timedelta(seconds=1)
    )
    return message


def leave_run_that_waited_for_an_outage(linked: Linked) -> Message:
    pay(linked)
    linked.world.fail("/api.xro/2.0/Invoices", named="maintenance")
    run = linked.work(ask(linked))
    assert (run.state, run.not_before is None) == (RunState.PAUSED, False)
    SyncRun.objects.filter(pk=run.pk).update(not_before=clock())
    return tasks.work_on_run.name, [run.pk]


def leave_count(linked: Linked) -> Message:
    Document.objects.filter(kind="INVOICE").order_by("date")[100].delete()
    Cursor.objects.update(count_due_at=clock())
    return tasks.check_counts.name, [linked.organisation.pk]


@pytest.mark.parametrize(
    "leave",
    [
        leave_delivery,
        leave_event,
        leave_event_of_a_killed_worker,
        leave_sweep,
        leave_sweep_of_a_killed_worker,
        leave_run,
        leave_run_of_a_killed_worker,
        leave_run_that_waited_for_an_outage,
        leave_count,
    ],
)
def test_documents_are_put_right_when_the_message_was_lost(
    quiet: Linked, broker: Broker, leave: Callable[[Linked], Message]
) -> None:
    message = leave(quiet)
    assert ours(quiet) != theirs(quiet)
    broker.lose_all()

    tasks.wake_all()

    assert broker.waiting() == [message]
    broker.answer()
    assert ours(quiet) == theirs(quiet)
    assert not WebhookEvent.objects.filter(state=EventState.PENDING).exists()
    tasks.wake_all()
    assert broker.waiting() == []


@pytest.mark.parametrize("leased_until", [None, -1])
def test_learner_reaches_xero_when_the_message_was_lost(
    quiet: Linked, broker: Broker, leased_until: int | None
) -> None:
    save(quiet)
    if leased_until is not None:
        ContactPush.objects.update(leased_until=clock() + timedelta(seconds=leased_until))
    broker.lose_all()

    tasks.wake_all()

    assert broker.waiting() == [(tasks.push_learners.name, [quiet.portal.pk])]
    broker.answer()
    assert contacts_numbered(quiet, "L900001")
    tasks.wake_all()
    assert broker.waiting() == []


@pytest.mark.parametrize("leased_until", [None, -1])
def test_learner_is_read_when_the_message_was_lost(
    quiet: Linked, broker: Broker, leased_until: int | None
) -> None:
    learner = save(quiet)
    broker.answer()
    builders.client_of(quiet.manager).post(f"/learners/{learner.pk}/xero-contact/sync/")
    refresh = LearnerRefresh.objects.get()
    if leased_until is not None:
        refresh.leased_until = clock() + timedelta(seconds=leased_until)
        refresh.save()
    broker.lose_all()

    tasks.wake_all()

    assert broker.waiting() == [(tasks.refresh_learner.name, [refresh.pk])]
    broker.answer()
    assert LearnerRefresh.objects.get().finished_at is not None
    tasks.wake_all()
    assert broker.waiting() == []


def test_run_of_learners_ends_when_every_message_was_lost(quiet: Linked, broker: Broker) -> None:
    save(quiet)
    ContactPush.objects.update(state=PushState.REFUSED)
    run = ask_for_learners(quiet)

    for _ in range(4):
        broker.lose_all()
        SyncRun.objects.filter(pk=run.pk).update(not_before=None)
        tasks.wake_all()
        broker.answer()

    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert contacts_numbered(quiet, "L900001")


@pytest.mark.parametrize("column", ["leased_until", "not_before"])
def test_nobody_is_woken_for_what_is_leased_or_put_off(
    quiet: Linked, broker: Broker, column: str
) -> None:
    leave_event(quiet)
    leave_run(quiet)
    save(quiet)
    later: dict[str, Any] = {column: clock() + timedelta(minutes=5)}
    Inbox.objects.update_or_create(organisation=quiet.organisation, defaults=later)
    SyncRun.objects.update(**later)
    ContactPush.objects.update(**later)
    broker.lose_all()

    tasks.wake_all()

    assert broker.waiting() == []


def test_connection_goes_on_when_the_days_limit_is_over(
    quiet: Linked, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    pay(quiet)
    quiet.world.fail("/api.xro/2.0/Invoices", named="day")
    run = quiet.work(ask(quiet))
    quiet.connection.refresh_from_db()
    assert (quiet.connection.state, run.state) == (State.PAUSED, RunState.PAUSED)
    broker.lose_all()

    monkeypatch.setattr(tasks, "_clock", lambda: clock() + DAY - timedelta(minutes=1))
    tasks.wake_all()
    quiet.connection.refresh_from_db()
    assert quiet.connection.state == State.PAUSED
    assert (tasks.work_on_run.name, [run.pk]) not in broker.waiting()

    broker.lose_all()
    quiet.world.do("clock", advance_seconds=DAY.total_seconds() + 60)
    monkeypatch.setattr(tasks, "_clock", lambda: clock() + DAY + timedelta(minutes=1))
    tasks.wake_all()
    quiet.connection.refresh_from_db()
    assert (quiet.connection.state, quiet.connection.paused_until) == (State.CONNECTED, None)
    assert (tasks.work_on_run.name, [run.pk]) in broker.waiting()
    broker.answer()
    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert ours(quiet) == theirs(quiet)


def test_beat_knows_what_it_sends_and_wakes_for_all_within_fifteen_seconds() -> None:
    schedule = {one["task"]: one["schedule"] for one in current_app.conf.beat_schedule.values()}

    assert set(schedule) <= set(current_app.tasks)
    assert timedelta(0) < schedule[tasks.wake_all.name] <= timedelta(seconds=15)
