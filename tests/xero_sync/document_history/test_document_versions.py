"""What a document said before is kept, whatever replaced it, and its page tells of it."""

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from invoices.models import Document, DocumentVersion
from lrm.models import LrmRole
from tests.support import bad_documents, builders, contact_pages, page_reading
from tests.support.bad_documents import GOOD
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask
from tests.support.webhook_posts import KEYS, deliver, event
from tests.support.xero_documents import open_invoice
from xero_sync import tasks
from xero_sync.api import json_codec

LINE = {"LineItemID": "b0000000-0000-4000-8000-000000000001", "Description": "Tuition"}


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Let webhooks be signed."""
    settings.XERO_WEBHOOK_KEYS = KEYS


def invoice(minute: int, **more: Any) -> dict[str, Any]:
    """Return an invoice as Xero sends it, changed at a minute."""
    changed = {"UpdatedDateUTC": f"/Date({1772323200000 + minute * 60_000}+0000)/"}
    element: dict[str, Any] = json_codec.loads(json.dumps({**GOOD, **changed, **more}).encode())
    return element


def text_at(client: Client, address: str) -> str:
    """Return what a page says."""
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return page_reading.text_of(answer.content.decode())


def replaced_on(day: datetime) -> None:
    """Let the newest version have been replaced at a moment."""
    newest = DocumentVersion.objects.latest("pk")
    DocumentVersion.objects.filter(pk=newest.pk).update(replaced_at=day)


def test_each_way_of_reading_keeps_what_it_replaces_and_the_page_tells_of_it(
    linked: Linked,
) -> None:
    linked.sweep()
    assert not DocumentVersion.objects.exists()
    invoice_id = open_invoice(linked)
    here = Document.objects.get(xero_id=invoice_id)
    said = {"tenant": linked.tenant, "id": invoice_id}

    linked.world.do("documents", act="pay", amount="1.00", **said)
    deliver(event(linked, "INVOICE", invoice_id))
    linked.take_events()
    linked.world.do("documents", act="touch", **said)
    linked.sweep()
    linked.world.do("documents", act="edit_due_date_silently", due_date="2031-05-06", **said)
    linked.work(ask(linked))

    kept = DocumentVersion.objects.filter(document=here).order_by("pk")
    assert [one.replaced_by for one in kept] == ["WEBHOOK", "SWEEP", "RESYNC"]
    assert DocumentVersion.objects.count() == 3
    assert [one.raw["AmountDue"] for one in kept[:2]] == [
        float(here.amount_due),
        float(here.amount_due) - 1,
    ]
    assert bytes(kept[0].digest) == bytes(here.digest)
    text = text_at(builders.client_of(linked.manager), f"/documents/{here.pk}/")
    assert "Due date: " in text
    assert "became 6 May 2031" in text
    paid = here.amount_paid
    assert f"Paid: {paid:,.2f} → became {paid + 1:,.2f}" in text
    for words in ("Instant update", "Regular check", "Re-sync", "Something that is not shown"):
        assert words in text
    assert ours(linked) == theirs(linked)


def test_nothing_is_kept_of_what_is_new_unchanged_or_comes_late(linked: Linked) -> None:
    bad_documents.store(linked, [invoice(2)])
    bad_documents.store(linked, [invoice(2)])
    bad_documents.store(linked, [invoice(1, Total=99)])

    assert not DocumentVersion.objects.exists()
    assert Document.objects.get(number="INV-1").total == 110


def test_row_that_was_altered_here_is_mended_without_a_version(linked: Linked) -> None:
    bad_documents.store(linked, [invoice(1)])
    Document.objects.update(total=7)

    bad_documents.store(linked, [invoice(1)])

    assert Document.objects.get(number="INV-1").total == 110
    assert not DocumentVersion.objects.exists()


def test_two_writers_at_once_lose_no_version(linked: Linked) -> None:
    """The second one waits for the first, and then replaces what it has never seen."""
    bad_documents.store(linked, [invoice(1, Total=100)])
    first_has_written, second_waits = threading.Event(), threading.Event()
    problems: list[BaseException] = []

    def write_first() -> None:
        from django.db import transaction

        try:
            with transaction.atomic():
                bad_documents.store(linked, [invoice(2, Total=200)])
                first_has_written.set()
                assert second_waits.wait(20)
        except BaseException as error:
            problems.append(error)
        finally:
            connections.close_all()

    def write_second() -> None:
        try:
            bad_documents.store(linked, [invoice(3, Total=300)])
        except BaseException as error:
            problems.append(error)
        finally:
            connections.close_all()

    first = threading.Thread(target=write_first)
    first.start()
    assert first_has_written.wait(20)
    second = threading.Thread(target=write_second)
    second.start()
    _wait_until_somebody_waits_for_a_lock()
    second_waits.set()
    first.join(20)
    second.join(20)

    assert problems == []
    assert Document.objects.get(number="INV-1").total == 300
    kept = DocumentVersion.objects.order_by("pk")
    assert [one.raw["Total"] for one in kept] == [100, 200]


def _wait_until_somebody_waits_for_a_lock() -> None:
    for _ in range(2000):
        with connections["default"].cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
    raise AssertionError("Nobody waits for a lock.")


def test_lines_that_came_went_and_changed_are_told(linked: Linked) -> None:
    other = {"LineItemID": "b0000000-0000-4000-8000-000000000002", "Description": "Books"}
    bad_documents.store(
        linked, [invoice(1, LineItems=[{**LINE, "LineAmount": 100}, {**other, "LineAmount": 10}])]
    )
    bad_documents.store(
        linked,
        [
            invoice(
                2,
                LineItems=[
                    {**LINE, "LineAmount": 120.5},
                    {"Description": "Fee", "LineAmount": 1250},
                ],
                Status="VOIDED",
                Contact={**GOOD["Contact"], "Name": "Ola <b>New</b>"},
            )
        ],
    )
    here = Document.objects.get(number="INV-1")

    text = text_at(builders.client_of(linked.manager), f"/documents/{here.pk}/history/")

    assert "Status: Approved, not settled → became Voided" in text
    assert "Contact: Ola Made-Up → became Ola &lt;b&gt;New&lt;/b&gt;" in text
    assert "Line 1, amount: 100.00 → became 120.50" in text
    assert "Line removed: Books, 10.00" in text
    assert "Line added: Fee, 1,250.00" in text


def test_page_answers_what_a_document_said_on_a_day(linked: Linked) -> None:
    bad_documents.store(linked, [invoice(1, Total=100)])
    bad_documents.store(linked, [invoice(2, Total=200)])
    march = datetime(2026, 3, 20, 3, tzinfo=linked.portal.zone)
    replaced_on(march)
    bad_documents.store(linked, [invoice(3, Total=300)])
    replaced_on(march + timedelta(days=30))
    Document.objects.update(first_synced_at=march - timedelta(days=10), synced_at=march)
    DocumentVersion.objects.filter(raw__Total=100).update(stored_at=march - timedelta(days=10))
    here = Document.objects.get(number="INV-1")
    client = builders.client_of(linked.manager)
    address = f"/documents/{here.pk}/history/?on="

    assert "Total 100.00" in text_at(client, f"{address}2026-03-19")
    in_april = text_at(client, f"{address}2026-04-01")
    assert "Total 200.00" in in_april
    assert "This is what it said here at the end of 1 Apr 2026" in in_april
    assert "it said what it says today" in text_at(client, f"{address}2026-06-01")
    assert "was not here yet at the end of 1 March 2026" in text_at(client, f"{address}2026-03-01")
    assert "Enter a date" in text_at(client, f"{address}March")
    # The ends of the calendar.
    assert "it said what it says today" in text_at(client, f"{address}9999-12-31")
    assert "was not here yet" in text_at(client, f"{address}0001-01-01")


def test_page_does_not_guess_what_a_document_said_before_versions_were_kept(
    linked: Linked,
) -> None:
    bad_documents.store(linked, [invoice(1, Total=100)])
    bad_documents.store(linked, [invoice(2, Total=200)])
    DocumentVersion.objects.all().delete()
    long_ago = clock() - timedelta(days=900)
    Document.objects.update(first_synced_at=long_ago)
    here = Document.objects.get(number="INV-1")
    day = (clock() - timedelta(days=100)).date()

    text = text_at(
        builders.client_of(linked.manager), f"/documents/{here.pk}/history/?on={day.isoformat()}"
    )

    assert "is not kept" in text


def test_history_of_many_versions_is_paged(linked: Linked) -> None:
    for minute in range(28):
        bad_documents.store(linked, [invoice(minute, Total=100 + minute)])
    here = Document.objects.get(number="INV-1")
    client = builders.client_of(linked.manager)

    card = text_at(client, f"/documents/{here.pk}/")
    first = text_at(client, f"/documents/{here.pk}/history/")
    second = text_at(client, f"/documents/{here.pk}/history/?page=2")

    assert "All 27 changes" in card
    assert "Total: 126.00 → became 127.00" in card
    assert "Total: 102.00 → became 103.00" in first
    assert "Total: 101.00 → became 102.00" in second
    assert "Total: 100.00 → became 101.00" in second
    assert "Total: 102.00" not in second


def test_versions_are_open_to_who_sees_the_document_and_to_nobody_else(linked: Linked) -> None:
    bad_documents.store(
        linked, [invoice(1), invoice(1, InvoiceID=str(GOOD["InvoiceID"])[:-1] + "2")]
    )
    bad_documents.store(linked, [invoice(2, Total=200)])
    version = DocumentVersion.objects.get()
    other = Document.objects.exclude(pk=version.document_id).get()
    addresses = [
        f"/documents/{version.document_id}/history/",
        f"/documents/{version.document_id}/history/{version.pk}/",
    ]
    staff = builders.make_user(linked.portal)
    colleague = builders.make_user(linked.portal, portal_admin=True, role=LrmRole.NONE)
    stranger = builders.make_user(builders.make_portal("Other"), portal_admin=True)

    for address in addresses:
        assert builders.client_of(staff).get(address).status_code == 200
        assert builders.client_of(colleague).get(address).status_code == 403
        assert builders.client_of(stranger).get(address).status_code == 404
        assert builders.client_of(None).get(address).status_code == 302
        assert builders.client_of(staff).post(address).status_code == 405
    raw = builders.client_of(staff).get(addresses[1]).content.decode()
    assert "&quot;InvoiceNumber&quot;: &quot;INV-1&quot;" in raw
    # Not by another document, and not once another organisation shows.
    elsewhere = f"/documents/{other.pk}/history/{version.pk}/"
    assert builders.client_of(staff).get(elsewhere).status_code == 404
    linked.connection.organisation = None
    linked.connection.save()
    for address in addresses:
        assert builders.client_of(staff).get(address).status_code == 404


def test_versions_go_with_their_document(linked: Linked) -> None:
    bad_documents.store(linked, [invoice(1)])
    bad_documents.store(linked, [invoice(2, Total=200)])

    Document.objects.get(number="INV-1").delete()

    assert not DocumentVersion.objects.exists()


@pytest.mark.parametrize(("days", "left"), [(400, 2), (0, 3), (30, 1)])
def test_versions_older_than_people_want_are_deleted_by_beat(
    linked: Linked, settings: Settings, days: int, left: int
) -> None:
    settings.DOCUMENT_VERSION_DAYS = days
    for minute in range(4):
        bad_documents.store(linked, [invoice(minute, Total=100 + minute)])
    for age, pk in zip((401, 399, 1), DocumentVersion.objects.order_by("pk"), strict=True):
        DocumentVersion.objects.filter(pk=pk.pk).update(
            replaced_at=timezone.now() - timedelta(days=age)
        )

    tasks.forget_old_versions()

    assert DocumentVersion.objects.count() == left
    assert any(one["task"].endswith("forget_old_versions") for one in tasks.SCHEDULE.values())


def test_versions_of_a_person_who_is_erased_in_xero_are_deleted(
    linked: Linked, settings: Settings
) -> None:
    """The old name would live on in them."""
    settings.DOCUMENT_VERSION_DAYS = 0
    somebody = {"ContactID": "c0000000-0000-4000-8000-000000000002", "Name": "Sol Made-Up"}
    others = {"InvoiceID": "a0000000-0000-4000-8000-000000000002", "Contact": somebody}
    for minute in (1, 2):
        bad_documents.store(linked, [invoice(minute), invoice(minute, **others)])
    erased = contact_pages.contact(
        ContactID=GOOD["Contact"]["ContactID"], ContactStatus="GDPRREQUEST", name="Erased"
    )
    contact_pages.store(linked.organisation, erased)

    tasks.forget_old_versions()

    assert [one.raw["Contact"]["Name"] for one in DocumentVersion.objects.all()] == ["Sol Made-Up"]
