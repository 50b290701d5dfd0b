"""What Xero announced is kept for its time and no longer, and nothing that waits is lost."""

from datetime import timedelta

import pytest
from pytest_django.fixtures import Settings

from lrm import notices, old_rows
from lrm import tasks as lrm_tasks
from lrm.models import Notice, Portal
from tests.support import builders, document_builders
from tests.support.linked import clock
from xero_sync import tasks
from xero_sync.models import Delivery, EventState, SyncRun, SyncRunLine, WebhookEvent
from xero_sync.webhooks import announcements

pytestmark = pytest.mark.django_db


def delivered(days_ago: float, *, problem: str = "", unpacked: bool = True) -> Delivery:
    at = clock() - timedelta(days=days_ago)
    return Delivery.objects.create(
        received_at=at, body=b"{}", unpacked_at=at if unpacked else None, problem=problem
    )


def announced(delivery: Delivery, portal: Portal, state: EventState = EventState.DONE) -> int:
    event = WebhookEvent.objects.create(
        delivery=delivery,
        organisation=portal.organisations.get(),
        category="INVOICE",
        event_type="UPDATE",
        received_at=delivery.received_at,
        state=state,
    )
    return event.pk


def test_events_and_deliveries_go_when_they_are_old_and_nothing_waits(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    old, young = delivered(91), delivered(89)
    announced(old, portal)
    waiting = announced(delivered(300), portal, EventState.PENDING)
    kept = announced(young, portal)
    delivered(95, problem="not understood", unpacked=False)
    not_unpacked = delivered(95, unpacked=False)

    tasks.forget_old_work()

    assert set(WebhookEvent.objects.values_list("pk", flat=True)) == {waiting, kept}
    left = set(Delivery.objects.values_list("pk", flat=True))
    waits_for = WebhookEvent.objects.get(pk=waiting).delivery_id
    assert left == {young.pk, not_unpacked.pk, waits_for}
    assert any(one["task"].endswith("forget_old_work") for one in tasks.SCHEDULE.values())


def test_counts_of_thirty_days_are_the_same_after_old_events_are_deleted(
    portal: Portal, settings: Settings
) -> None:
    organisation = document_builders.make_organisation(portal)
    settings.WEBHOOK_DAYS = 31
    for days_ago in (0, 15, 29.5, 31.5, 60):
        announced(delivered(days_ago), portal)
    before = announcements.days_of(organisation=organisation, now=clock())

    tasks.forget_old_work()

    assert announcements.days_of(organisation=organisation, now=clock()) == before
    assert WebhookEvent.objects.count() == 3


def test_everything_is_kept_when_people_want_that(portal: Portal, settings: Settings) -> None:
    document_builders.make_organisation(portal)
    settings.WEBHOOK_DAYS = settings.RUN_LOG_DAYS = settings.NOTICE_DAYS = 0
    announced(delivered(5000), portal)

    tasks.forget_old_work()
    lrm_tasks.tidy()

    assert WebhookEvent.objects.count() == Delivery.objects.count() == 1


def test_lines_of_logs_go_and_their_re_syncs_stay(portal: Portal) -> None:
    document_builders.make_organisation(portal)
    run = SyncRun.objects.get()
    for days_ago in (401, 399):
        at = clock() - timedelta(days=days_ago)
        SyncRunLine.objects.create(run=run, at=at, text=f"{days_ago}")
    open_run = SyncRun.objects.get()
    open_run.pk, open_run.finished_at, open_run.is_first = None, None, False
    open_run.save()
    SyncRunLine.objects.create(run=open_run, at=clock() - timedelta(days=500), text="open")

    tasks.forget_old_work()

    assert set(SyncRunLine.objects.values_list("text", flat=True)) == {"399", "open"}
    assert SyncRun.objects.count() == 2


def test_notices_go_by_age_read_or_not(portal: Portal) -> None:
    user = builders.make_user(portal)
    for days_ago in (181, 179):
        notices.notify(users=[user], text=str(days_ago))
        at = clock() - timedelta(days=days_ago)
        Notice.objects.filter(text=str(days_ago)).update(created_at=at)

    lrm_tasks.tidy()

    assert Notice.objects.get().text == "179"


def test_more_than_a_batch_goes_and_a_turn_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(old_rows, "BATCH", 10)
    at = clock() - timedelta(days=100)
    most = old_rows.BATCH * old_rows.MOST_BATCHES
    Delivery.objects.bulk_create(
        [Delivery(received_at=at, body=b"", unpacked_at=at) for _ in range(most + 5)]
    )

    tasks.forget_old_work()
    assert Delivery.objects.count() == 5

    tasks.forget_old_work()
    assert not Delivery.objects.exists()
