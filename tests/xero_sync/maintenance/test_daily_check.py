"""The webhook channel's health, the daily count, and what is set aside tried again."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from connected_apps.models import Connection, Organisation
from invoices.models import Document
from tests.support.bad_documents import invoice, serve, store
from tests.support.daily_checks import check, cursor_of
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.passing import Time
from tests.support.resyncs import ask, end_first
from tests.support.webhook_events import announce
from tests.support.xero_documents import pay_something_unannounced
from xero_sync.jobs import sweep_schedule
from xero_sync.maintenance import daily_check, quarantine_retries
from xero_sync.models import Cursor, DailyCheck, FullReading, QuarantinedDocument
from xero_sync.webhooks import channel_health


def test_sweep_that_finds_what_no_webhook_announced_says_so(linked: Linked) -> None:
    linked.sweep()
    pay_something_unannounced(linked)

    linked.sweep()

    cursor = cursor_of(linked)
    assert (cursor.missed_count, channel_health.is_healthy(cursor)) == (1, False)
    assert cursor.next_due_at - clock() < timedelta(seconds=61)
    words = channel_health.unhealthy_in_words(linked.organisation.pk)
    assert "not arriving for invoices, so changes take up to a minute" in words


def test_event_of_an_earlier_change_does_not_announce_a_later_one(linked: Linked) -> None:
    linked.sweep()
    for known in Document.objects.filter(kind="INVOICE"):
        announce(linked, str(known.xero_id))
    pay_something_unannounced(linked)

    linked.sweep()

    assert cursor_of(linked).missed_count == 1


def test_announced_change_leaves_the_channel_healthy(linked: Linked) -> None:
    linked.sweep()
    announce(linked, pay_something_unannounced(linked))

    linked.sweep()

    assert cursor_of(linked).missed_at is None


def test_channel_is_healthy_again_once_an_event_arrives(linked: Linked) -> None:
    linked.sweep()
    invoice_id = pay_something_unannounced(linked)
    linked.sweep()

    announce(linked, invoice_id)

    assert channel_health.unhealthy_in_words(linked.organisation.pk) == ""
    linked.sweep()
    assert cursor_of(linked).missed_count == 0


def test_daily_count_finds_nothing_where_all_is_well(linked: Linked) -> None:
    linked.sweep()

    assert check(linked) == []
    cursor = cursor_of(linked)
    assert cursor.count_in_xero == cursor.count_here == 696
    assert cursor.count_due_at is not None
    assert cursor.count_due_at > timezone.now() + timedelta(hours=23)


def test_daily_count_resyncs_only_the_weeks_that_differ(linked: Linked) -> None:
    linked.sweep()
    lost = Document.objects.filter(kind="INVOICE").order_by("date")[100]
    lost.delete()

    runs_asked = check(linked)

    assert len(runs_asked) == 1
    run = runs_asked[0]
    assert run.date_from <= (lost.date or run.date_from) <= run.date_to
    assert run.date_to - run.date_from <= timedelta(days=45)
    linked.work(run)
    assert ours(linked) == theirs(linked)


def state_of(linked: Linked) -> tuple[str, int]:
    """Return the connection's state and count of problems."""
    row: Any = Connection.objects.values_list("state", "problem_count").get()
    return (row[0], row[1])


def test_set_aside_documents_show_in_the_state_and_leave_it_when_mended(linked: Linked) -> None:
    serve(linked, invoice(1, Total="a lot"), invoice(2))
    linked.sweep()
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=clock())
    linked.sweep()
    assert state_of(linked) == ("CONNECTED_WITH_PROBLEMS", 1)

    serve(linked, invoice(1), invoice(2))
    QuarantinedDocument.objects.update(last_tried_at=clock() - quarantine_retries.RETRY_AFTER * 2)
    check(linked)

    assert not QuarantinedDocument.objects.exists()
    assert state_of(linked) == ("CONNECTED", 0)


def test_set_aside_document_that_xero_cannot_give_keeps_nothing_else_waiting(
    linked: Linked,
) -> None:
    linked.sweep()
    long_ago = clock() - quarantine_retries.RETRY_AFTER * 2
    broken, *others = Document.objects.filter(kind="INVOICE").order_by("pk")[:5]
    for document in (broken, *others):
        QuarantinedDocument.objects.create(
            organisation=linked.organisation,
            resource="INVOICE",
            identity=str(document.xero_id),
            reason="made up",
            raw={},
            first_seen_at=long_ago,
            last_tried_at=long_ago,
        )
        document.delete()
    asked_for = {"path": "/Invoices$", "query": f"IDs=.*{broken.xero_id}"}
    linked.world.do("faults", match=asked_for, times=-1, answer={"status": 500})

    check(linked)

    assert [one.identity for one in QuarantinedDocument.objects.all()] == [str(broken.xero_id)]
    assert Document.objects.filter(xero_id__in=[one.xero_id for one in others]).count() == 4
    # What comes after it in a day's work.
    assert FullReading.objects.filter(organisation=linked.organisation).exists()


LATER = "/Date(1772409600000+0000)/"


def serve_two_versions(linked: Linked) -> None:
    """Store three invoices, and set a newer version of one of them aside."""
    serve(linked, invoice(1), invoice(2), invoice(3))
    linked.sweep()
    unmappable = invoice(2, InvoiceNumber="x" * 300, UpdatedDateUTC=LATER)
    serve(linked, invoice(1), unmappable, invoice(3))
    linked.work(ask(linked))
    # What is missing is not what a first sync has yet to read.
    end_first(linked)
    assert (Document.objects.count(), QuarantinedDocument.objects.count()) == (3, 1)


def test_newer_version_that_is_set_aside_counts_once(linked: Linked) -> None:
    serve_two_versions(linked)

    assert check(linked) == []
    cursor = cursor_of(linked)
    assert (cursor.count_in_xero, cursor.count_here) == (3, 3)


def test_newer_version_that_is_set_aside_hides_no_missing_document(linked: Linked) -> None:
    serve_two_versions(linked)
    Document.objects.get(number="INV-3").delete()

    (run,) = check(linked)
    linked.work(run)

    assert Document.objects.filter(number="INV-3").exists()


def test_what_once_came_without_its_id_is_forgotten_when_the_counts_agree(linked: Linked) -> None:
    serve(linked, invoice(1), invoice(2))
    linked.sweep()
    store(linked, [{**invoice(1), "InvoiceID": None}])
    assert QuarantinedDocument.objects.count() == 1

    assert check(linked) == []

    assert not QuarantinedDocument.objects.exists()
    assert state_of(linked) == ("CONNECTED", 0)


def test_what_has_no_id_keeps_nothing_else_from_being_tried_again(linked: Linked) -> None:
    serve(linked, invoice(100, Total="a lot"))
    linked.sweep()
    store(linked, [{**invoice(number), "InvoiceID": "?" * 36} for number in range(40)])
    QuarantinedDocument.objects.update(last_tried_at=clock() - quarantine_retries.RETRY_AFTER * 2)
    QuarantinedDocument.objects.filter(number="INV-100").update(
        last_tried_at=clock() - quarantine_retries.RETRY_AFTER
    )
    serve(linked, invoice(100))

    check(linked)

    assert Document.objects.get().number == "INV-100"


def test_daily_upkeep_learns_of_another_name_and_time_zone(linked: Linked) -> None:
    linked.sweep()
    body = json.dumps(
        {
            "Organisations": [
                {
                    "Name": "Wattle Creek Learning",
                    "Timezone": "NEWZEALANDSTANDARDTIME",
                    "ShortCode": "!new99",
                    "BaseCurrency": "NZD",
                }
            ]
        }
    )
    linked.world.fail("/Organisation", status=200, body=body)

    check(linked)

    now = Organisation.objects.get(pk=linked.organisation.pk)
    told = (now.name, now.time_zone, now.short_code, now.base_currency)
    assert told == ("Wattle Creek Learning", "Pacific/Auckland", "!new99", "NZD")


def test_daily_count_asks_for_nothing_where_xero_gives_no_count(linked: Linked) -> None:
    linked.sweep()
    without = '{"Invoices": [], "CreditNotes": [], "Overpayments": [], "Prepayments": []}'
    linked.world.fail("/api.xro/", times=-1, status=200, body=without)

    assert check(linked) == []


def set_aside_hours_ago(linked: Linked, *resources: str) -> list[UUID]:
    """Leave one document of each kind set aside and not stored; return their ids."""
    long_ago = clock() - quarantine_retries.RETRY_AFTER * 2
    lost = []
    for resource in resources:
        document = Document.objects.filter(kind=resource).order_by("pk")[0]
        QuarantinedDocument.objects.create(
            organisation=linked.organisation,
            resource=resource,
            identity=str(document.xero_id),
            reason="made up",
            raw={},
            first_seen_at=long_ago,
            last_tried_at=long_ago,
        )
        document.delete()
        lost.append(document.xero_id)
    return lost


def calls_of(linked: Linked, act: Callable[[], object]) -> Counter[str]:
    """Return how many calls of each kind an act makes."""
    before: list[dict[str, Any]] = linked.world.show("calls")
    act()
    made: list[dict[str, Any]] = linked.world.show("calls", since=before[-1]["n"])
    return Counter(one["path"].rsplit("/", 1)[1] for one in made if "/api.xro/" in one["path"])


def check_again(linked: Linked, now: Time) -> Counter[str]:
    """Take a worker's turn where one is due; return the calls that it makes."""
    if linked.organisation.pk not in daily_check.waiting_organisations(now=now()):
        return Counter()
    act = partial(daily_check.check, organisation_id=linked.organisation.pk, clock=now)
    return calls_of(linked, act)


@pytest.mark.parametrize("status", [403, 400, 418])
def test_kind_that_xero_will_not_count_keeps_nothing_else_from_being_done(
    linked: Linked, status: int
) -> None:
    linked.sweep()
    invoice_id, prepayment_id = set_aside_hours_ago(linked, "INVOICE", "PREPAYMENT")
    linked.world.fail("/Prepayments", times=-1, status=status, body="{}")

    made = calls_of(linked, lambda: check(linked))

    assert Document.objects.filter(xero_id=invoice_id).exists()
    assert not Document.objects.filter(xero_id=prepayment_id).exists()
    assert FullReading.objects.filter(organisation=linked.organisation).exists()
    assert made["Organisation"] == 1
    counted = Cursor.objects.filter(organisation=linked.organisation).exclude(counted_at=None)
    assert sorted(one.resource for one in counted) == [
        *("CONTACT", "CREDIT_NOTE", "INVOICE", "OVERPAYMENT")
    ]
    # It stays due, and alone: what follows on the counts was done for today.
    now = Time()
    now.pass_by(10 * 60)
    for _ in range(2):
        assert set(check_again(linked, now)) == {"Prepayments"}
        now.pass_by(30 * 60)


def test_what_follows_on_the_counts_is_done_a_day_later_although_a_kind_is_refused(
    linked: Linked,
) -> None:
    linked.sweep()
    linked.world.fail("/Prepayments", times=-1, status=403)
    check(linked)
    (lost,) = set_aside_hours_ago(linked, "INVOICE")

    now = Time()
    now.pass_by(24 * 3600)
    made = check_again(linked, now)

    assert made["Organisation"] == 1
    assert Document.objects.filter(xero_id=lost).exists()


@pytest.mark.parametrize("status", [500, 503])
def test_organisation_that_xero_does_not_give_has_nothing_else_done_again(
    linked: Linked, status: int
) -> None:
    linked.sweep()
    (lost,) = set_aside_hours_ago(linked, "INVOICE")
    match = {"path": "/Organisation$"}
    linked.world.do("faults", match=match, times=-1, answer={"status": status})
    check(linked)
    assert Document.objects.filter(xero_id=lost).exists()
    now = Time()

    for _ in range(3):
        now.pass_by(6 * 60)
        assert check_again(linked, now) == Counter()


def test_what_follows_on_the_counts_is_made_up_for_after_an_outage(linked: Linked) -> None:
    linked.sweep()
    (lost,) = set_aside_hours_ago(linked, "INVOICE")
    match = {"path": "/Invoices$", "query": "IDs="}
    linked.world.do("faults", match=match, answer={"status": 503})
    made = calls_of(linked, lambda: check(linked))
    assert made["Contacts"] == 1
    now = Time()
    assert check_again(linked, now) == Counter()

    now.pass_by(5 * 60)
    made = check_again(linked, now)

    # What was counted is not counted again.
    assert "Contacts" not in made
    assert made["Organisation"] == 1
    assert Document.objects.filter(xero_id=lost).exists()
    assert check_again(linked, now) == Counter()


def test_what_follows_on_the_counts_is_done_where_its_worker_was_killed(linked: Linked) -> None:
    linked.sweep()
    check(linked)
    FullReading.objects.all().delete()
    # As a worker leaves it that is killed once it has counted.
    Cursor.objects.filter(resource="INVOICE").update(counted_at=clock())
    DailyCheck.objects.update(leased_until=clock() + timedelta(seconds=60))

    now = Time()
    made = check_again(linked, now)

    assert set(made) == {"Organisation"}
    assert FullReading.objects.filter(organisation=linked.organisation).exists()
    assert check_again(linked, now) == Counter()


@pytest.mark.parametrize("status", [400, 403])
def test_sales_are_counted_and_mended_where_nothing_is_counted_without_a_filter(
    linked: Linked, status: int
) -> None:
    linked.sweep()
    end_first(linked)
    Document.objects.filter(kind="INVOICE").order_by("date")[100].delete()
    body = '{"ErrorNumber":16,"Type":"QueryParseException","Message":"No such list"}'
    unfiltered = {"path": "/Invoices$", "query": "^(?!.*where=)"}
    answer = {"status": status, "body": body}
    linked.world.do("faults", match=unfiltered, times=-1, answer=answer)

    (run,) = check(linked)

    cursor = cursor_of(linked)
    assert (cursor.count_in_xero, cursor.count_here) == (696, 695)
    assert (cursor.count_unknown, cursor.count_due_at is None) == (None, False)
    linked.work(run)
    linked.world.heal()
    now = Time()
    now.pass_by(3600)
    assert check_again(linked, now) == Counter()
