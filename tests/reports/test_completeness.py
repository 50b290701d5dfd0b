"""The panel above report #0442: what Xero counted, what is here, and *Re-sync this month*."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from lrm.models import LrmRole
from tests.support import builders, page_reading
from tests.support.linked import Linked
from tests.support.page_tables import tables_of
from tests.support.resyncs import request as ask
from xero_sync.models import Cursor, QuarantinedDocument, RunState, SyncRun
from xero_sync.resources import Resource
from xero_sync.runs import run_requests

PAGE = "/reports/0442/"
HEAL = "/reports/0442/heal/"
ALL = {"date_from": "", "date_to": ""}
PROOF = "How many documents Xero counted and how many are here, for each kind, then month by month"


@pytest.fixture
def read(linked: Linked) -> Linked:
    """Give a portal whose first sync has ended."""
    linked.sweep()
    return linked


def html_of(linked: Linked, **query: str) -> str:
    """Return the page as the portal admin sees it."""
    client = builders.client_of(linked.manager)
    return str(client.get(PAGE, {**ALL, **query}).content.decode())


def sales(linked: Linked, kind: str, month: str = "") -> int:
    """Count the books by themselves."""
    return sum(
        row["type"] == kind and row["date"].startswith(month) for row in linked.books()["documents"]
    )


def counted(linked: Linked, resource: Resource, **figures: Any) -> None:
    """Play that the daily count has just said this of a kind."""
    Cursor.objects.filter(organisation=linked.organisation, resource=resource).update(
        counted_at=timezone.now(), **figures
    )


def test_first_sync_proves_every_kind_and_month(read: Linked) -> None:
    html = html_of(read)
    rows = {row[0]: row[1:] for row in tables_of(html)[PROOF]}
    invoices, credit_notes = sales(read, "ACCREC"), sales(read, "ACCRECCREDIT")

    assert "All here" in html
    assert rows["All dates"][:2] == [
        f"{invoices} of {invoices}",
        f"{credit_notes} of {credit_notes}",
    ]
    assert rows["Oct 2026"][0] == str(sales(read, "ACCREC", "2026-10"))
    assert rows["Oct 2026"][-1] == "Agrees"
    assert "Re-sync this month" not in html


def test_month_that_differs_is_named_and_can_be_healed(read: Linked) -> None:
    # Xero forgets a document that is stored here, and names it no more.
    read.organisation.documents.create(
        **{
            field.attname: getattr(read.organisation.documents.first(), field.attname)
            for field in read.organisation.documents.model._meta.fields
            if field.attname not in {"id", "xero_id", "organisation_id", "number", "date"}
        },
        xero_id="00000000-0000-4000-8000-000000000001",
        number="INV-GHOST",
        date=datetime.date(2026, 10, 9),
    )
    run = read.work(ask(read, "2026-10-01", "2026-10-31"))
    assert run.state == RunState.DONE_WITH_PROBLEMS

    html = html_of(read)
    rows = {row[0]: row[1:] for row in tables_of(html)[PROOF]}

    assert "INV-GHOST: no longer in Xero for these dates" in html
    assert rows["Oct 2026"][-1].startswith("Differs")
    assert rows["Sep 2026"][-1] == "Agrees"
    assert html.count("Re-sync this month") == 1

    SyncRun.objects.all().update(state=RunState.DONE, finished_at=timezone.now())
    read.organisation.documents.filter(number="INV-GHOST").delete()
    answer = builders.client_of(read.manager).post(
        HEAL, {"month": "2026-10", "query": "date_from=&date_to="}, follow=True
    )
    healing = SyncRun.objects.latest("pk")

    assert answer.redirect_chain[0][0] == f"{PAGE}?date_from=&date_to="
    assert (str(healing.date_from), str(healing.date_to)) == ("2026-10-01", "2026-10-31")
    assert healing.requested_by == read.manager
    assert "Being read again" in answer.content.decode()

    assert read.work(healing).state == RunState.DONE
    rows = {row[0]: row[1:] for row in tables_of(html_of(read))[PROOF]}
    in_october = sales(read, "ACCREC", "2026-10")
    assert rows["Oct 2026"][0] == f"{in_october} of {in_october}"
    assert rows["Oct 2026"][-1] == "Agrees"


def test_count_that_differs_is_said_and_one_that_is_old_too(read: Linked) -> None:
    counted(read, Resource.INVOICE, count_in_xero=900, count_here=899)

    assert "Differs" in page_reading.text_of(html_of(read))
    assert "899 of 900" in page_reading.text_of(html_of(read))

    old = timezone.now() - datetime.timedelta(days=3)
    Cursor.objects.update(counted_at=old, count_in_xero=5, count_here=5)

    text = page_reading.text_of(html_of(read))
    assert "The oldest of these counts is from" in text
    assert "Re-sync this month" in text


def test_what_could_not_be_saved_is_named_with_its_reason(read: Linked) -> None:
    stored = read.organisation.documents.filter(kind="INVOICE").first()
    assert stored is not None
    for identity, number in ((str(stored.xero_id), stored.number), ("f" * 40, "INV-BAD")):
        QuarantinedDocument.objects.create(
            organisation=read.organisation,
            resource=Resource.INVOICE,
            identity=identity,
            number=number,
            raw={},
            reason="The amount is too large",
            first_seen_at=timezone.now(),
            last_tried_at=timezone.now(),
        )

    text = page_reading.text_of(html_of(read))

    assert "2 documents could not be saved, and are not in the figures below" in text
    assert "Invoice INV-BAD : The amount is too large." in text
    assert f"Invoice {stored.number} : The amount is too large. An older version" in text


def test_nonsense_for_a_month_starts_nothing(read: Linked) -> None:
    before = SyncRun.objects.count()
    client = builders.client_of(read.manager)

    for month in ("", "2026-13", "0000-01", "2026-1", "=cmd()", "\u0662\u0660\u0662\u0666-10"):
        answer = client.post(HEAL, {"month": month}, follow=True)
        assert "This is not a month. Nothing was started." in answer.content.decode()

    assert SyncRun.objects.count() == before


def test_only_who_may_resync_may_heal(read: Linked) -> None:
    before = SyncRun.objects.count()
    colleague = builders.make_user(read.portal, accounts=True)
    watcher = builders.make_user(read.portal, portal_admin=True, role=LrmRole.NONE)
    stranger = builders.make_user(
        builders.make_portal("Other"), portal_admin=True, role=LrmRole.ADMIN
    )

    given = {"month": "2026-10"}
    assert builders.client_of(colleague).post(HEAL, given).status_code == 403
    assert builders.client_of(watcher).post(HEAL, given).status_code == 403
    assert builders.client_of(None).post(HEAL, given).status_code == 302
    told = builders.client_of(stranger).post(HEAL, given, follow=True).content.decode()
    assert "not connected" in told
    assert builders.client_of(read.manager).get(HEAL).status_code == 405
    assert SyncRun.objects.count() == before


def test_run_of_what_changed_proves_no_month(linked: Linked) -> None:
    first = SyncRun.objects.get(is_first=True)
    assert run_requests.cancel(run=first, by=linked.manager, now=timezone.now())
    Cursor.objects.update(swept_through=timezone.now() - datetime.timedelta(days=60))
    linked.sweep()
    client = builders.client_of(linked.manager)
    yesterday = (timezone.now() - datetime.timedelta(days=1)).date().isoformat()
    today = timezone.now().date().isoformat()
    asked = {"what": "changed", "date_from": yesterday, "date_to": today}
    assert client.post("/settings/connected-apps/xero/resync/", asked).status_code == 302
    assert linked.work(SyncRun.objects.latest("pk")).state == RunState.DONE

    months = tables_of(html_of(linked))[PROOF][2:]

    assert months
    assert {row[-1].split()[0] for row in months} == {"Not"}


def test_text_that_other_filters_hide_is_not_said_to_be_missing_in_xero(read: Linked) -> None:
    number = read.organisation.documents.get(number="INV-0001").number
    counted(read, Resource.INVOICE, count_in_xero=1, count_here=1)

    hidden = page_reading.text_of(html_of(read, q=number, status="DRAFT"))
    unknown = page_reading.text_of(html_of(read, q="INV-9999"))

    assert "that the other filters leave has a number or a name that begins so" in hidden
    assert "so Xero has no such" not in hidden
    assert "so Xero has no such sales document either" in unknown


def test_digits_alone_find_the_usual_number_as_the_search_does(read: Linked) -> None:
    assert "INV-0001" in html_of(read, q="1")
    assert "INV-0001" in html_of(read, q="0001")


def test_what_could_not_be_saved_is_not_counted_as_here(read: Linked) -> None:
    Cursor.objects.update(counted_at=timezone.now(), count_in_xero=10, count_here=10)
    counted(read, Resource.INVOICE, count_missing=2)

    rows = tables_of(html_of(read))[PROOF]
    dashboard = builders.client_of(read.manager).get("/").content.decode()

    assert rows[1][:3] == ["All dates", "8 of 10", "10 of 10"]
    assert "38 of 40 documents in Xero are here" in page_reading.text_of(dashboard)


def test_dashboard_counts_nothing_where_xero_gave_no_count(read: Linked) -> None:
    Cursor.objects.update(counted_at=timezone.now(), count_in_xero=10, count_here=10)
    counted(read, Resource.INVOICE, count_in_xero=None)

    dashboard = builders.client_of(read.manager).get("/").content.decode()

    assert "documents in Xero are here" not in page_reading.text_of(dashboard)


def test_count_of_a_month_stands_beside_the_documents_it_counted_only(read: Linked) -> None:
    run = read.work(ask(read, "2026-10-01", "2026-10-31"))
    assert run.state == RunState.DONE
    in_october = sales(read, "ACCREC", "2026-10")

    def said(**query: str) -> str:
        rows = {row[0]: row[1:] for row in tables_of(html_of(read, **query))[PROOF]}
        return str(rows["Oct 2026"][0])

    assert said() == f"{in_october} of {in_october}"
    part = said(date_from="2026-10-20")
    assert 0 < int(part) < in_october

    later = read.organisation.documents.filter(kind="INVOICE", date__month=9).first()
    assert later is not None
    later.date = datetime.date(2026, 10, 9)
    later.save()

    assert said() == str(in_october + 1)
