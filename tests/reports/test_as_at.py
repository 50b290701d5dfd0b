"""Report #0442 as at a day that has passed: what is put back, and what is said of it."""

import datetime
import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from connected_apps.models import Organisation
from invoices.models import Kind
from lrm.models import Portal
from reports import totals
from tests.support import builders as people
from tests.support import document_builders, page_reading
from tests.support.report_rows import criteria_of, rows_of, totals_of

TODAY = document_builders.TODAY
DAY = datetime.timedelta(days=1)
THEN = TODAY - 20 * DAY
ALL = {"date_from": "", "date_to": ""}


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """The organisation that is reported on."""
    return document_builders.make_organisation(portal)


@pytest.fixture
def client(portal: Portal) -> Client:
    """A signed-in person of accounts."""
    return people.client_of(people.make_user(portal, accounts=True))


def at_then(organisation: Organisation, **filters: Any) -> dict[str, dict[str, Any]]:
    """Return the rows of the day by their numbers."""
    criteria = criteria_of(organisation, today=THEN, as_at=THEN, **filters)
    return {row["number"]: row for row in rows_of(criteria)}


def make_story(organisation: Organisation) -> None:
    """Store an invoice that was paid and credited since, and what that was done with."""
    old: dict[str, Any] = {"date": THEN - 40 * DAY, "due_date": THEN - 10 * DAY}
    paid = document_builders.make_document(
        organisation,
        number="INV-1",
        status="PAID",
        amount_credited="30",
        amount_due="0",
        fully_paid_on=TODAY,
        **old,
    )
    paid.amount_paid = Decimal(80)
    paid.save()
    for amount, on in (("50", THEN), ("30", THEN + DAY)):
        payment = document_builders.make_payment(paid, amount)
        payment.date = on
        payment.save()
    credit = document_builders.make_document(
        organisation, number="CN-1", kind=Kind.CREDIT_NOTE, total="40", amount_due="10", **old
    )
    document_builders.apply_credit(credit, paid, "30", on=THEN + 2 * DAY)
    document_builders.make_document(organisation, number="LATER", date=THEN + DAY)
    document_builders.make_document(organisation, number="UNDATED", date=None)


def test_what_came_after_the_day_is_put_back(organisation: Organisation) -> None:
    make_story(organisation)

    rows = at_then(organisation)

    assert set(rows) == {"INV-1", "CN-1"}
    invoice, credit = rows["INV-1"], rows["CN-1"]
    names = ("status", "amount_paid", "amount_credited", "amount_due", "days_overdue", "paid_on")
    assert [invoice[name] for name in names] == ["AUTHORISED", 50, 0, 60, 10, None]
    assert invoice["status_in_words"] == "Part paid, overdue by 10 days"
    assert [credit[name] for name in names[:4]] == ["AUTHORISED", 0, 0, 40]
    assert (credit["status_in_words"], credit["applied_to"]) == ("Unused", "")
    assert invoice["applied_by"] == ""


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"age": "30"}, ["INV-1"]),
        ({"age": "60"}, []),
        ({"status": "AUTHORISED"}, ["CN-1", "INV-1"]),
        ({"status": "PAID"}, []),
        ({"kind": "CREDIT_NOTE"}, ["CN-1"]),
        ({"date_to": THEN - 41 * DAY}, []),
        ({"by_synced": True}, ["CN-1", "INV-1"]),
    ],
)
def test_filters_and_totals_go_by_what_stood_on_the_day(
    organisation: Organisation, filters: dict[str, Any], expected: list[str]
) -> None:
    make_story(organisation)

    rows = at_then(organisation, **filters)
    found = totals_of(criteria_of(organisation, today=THEN, as_at=THEN, **filters))

    assert sorted(rows) == expected
    assert sum(total.count for total in found) == len(expected)
    assert sum(total.amount_due for total in found) == sum(
        row["amount_due"] for row in rows.values()
    )
    assert [total.unexplained for total in found] == [0] * len(found)


def test_page_and_files_say_what_a_past_day_is_and_is_not(
    organisation: Organisation, client: Client
) -> None:
    make_story(organisation)
    document_builders.make_document(
        organisation, number="GONE", status="VOIDED", date=THEN, updated_at=document_builders.NOW
    )
    query = {**ALL, "as_at": THEN.isoformat(), "sort": "left"}

    text = page_reading.text_of(client.get("/reports/0442/", query).content.decode())
    answer = client.get("/reports/0442.json", query)
    report = json.loads(b"".join(answer))

    assert " · as at 31 Oct 2026 , worked out today, " in text
    assert "as of" not in text
    assert "only" not in text.split("#0442 Synced invoices")[-1].split("Totals")[0]
    assert "What was owed on 31 Oct 2026: documents dated until then" in text
    assert "1 document was voided, deleted or changed while voided since then" in text
    assert "Invoices AUD 2 220.00 110.00 in 1" in text
    assert "-as-at-2026-10-31.json" in answer["Content-Disposition"]
    assert (report["as_at"], len(report["as_at_means"])) == ("2026-10-31", 3)


def test_day_that_has_not_come_is_refused_at_its_field(
    organisation: Organisation, client: Client
) -> None:
    text = client.get("/reports/0442/", {**ALL, "as_at": "2999-01-01"}).content.decode()

    assert "This day has not come yet." in text


def test_more_movement_than_can_be_read_is_listed_without_totals(
    organisation: Organisation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_story(organisation)
    monkeypatch.setattr("reports.totals.MOST_READ", 1)

    answer = client.get("/reports/0442/", {**ALL, "as_at": THEN.isoformat()})

    assert "INV-1" in answer.content.decode()
    assert "too many to add up" in answer.content.decode()


@pytest.mark.parametrize("filters", [{}, {"age": "overdue"}, {"status": "AUTHORISED"}])
def test_many_rows_of_a_busy_organisation_are_not_worked_out_to_say_that_they_are_many(
    organisation: Organisation,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    filters: dict[str, str],
) -> None:
    for _ in range(2):
        make_story(organisation)
    monkeypatch.setattr("reports.totals.MOST_READ", 1)
    criteria = criteria_of(organisation, today=THEN, as_at=THEN, **filters)

    with CaptureQueriesContext(connection) as captured:
        found = totals.totals_of(criteria)

    assert not found.is_counted
    worked_out = [one["sql"] for one in captured if "invoices_payment" in one["sql"]]
    # Whether much has moved, and nothing of each document.
    assert len(worked_out) == 1
    assert "sum(" not in worked_out[0].lower()


def test_few_rows_of_a_busy_organisation_are_added_up(
    organisation: Organisation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_story(organisation)
    monkeypatch.setattr("reports.totals.MOST_READ", 1)

    query = {**ALL, "as_at": THEN.isoformat(), "kind": "CREDIT_NOTE"}
    text = page_reading.text_of(client.get("/reports/0442/", query).content.decode())

    assert "too many to add up" not in text
    assert "Credit notes AUD 1 40.00" in text


def test_credit_on_an_invoice_dated_after_the_day_is_applied_to_nothing(
    organisation: Organisation,
) -> None:
    ahead = document_builders.make_document(organisation, number="AHEAD", date=THEN + 5 * DAY)
    credit = document_builders.make_document(
        organisation,
        number="CN-2",
        kind=Kind.CREDIT_NOTE,
        total="40",
        amount_due="10",
        date=THEN - 40 * DAY,
    )
    document_builders.apply_credit(credit, ahead, "30", on=THEN - DAY)

    rows = at_then(organisation)

    assert set(rows) == {"CN-2"}
    assert (rows["CN-2"]["amount_due"], rows["CN-2"]["applied_to"]) == (40, "")


def test_first_day_of_the_calendar_is_answered(organisation: Organisation, client: Client) -> None:
    make_story(organisation)

    for age in ("overdue", "90"):
        query = {**ALL, "as_at": "0001-01-01", "age": age}
        assert client.get("/reports/0442/", query).status_code == 200


def test_page_of_a_day_can_be_turned_both_ways(organisation: Organisation, client: Client) -> None:
    for n in range(102):
        document_builders.make_document(
            organisation, number=f"N{n:03}", date=THEN, total=str(200 - n)
        )
    query = {**ALL, "as_at": THEN.isoformat(), "sort": "left"}

    first = client.get("/reports/0442/", query)
    second = client.get("/reports/0442/", {**query, "after": str(first.context["page"].older)})
    back = client.get("/reports/0442/", {**query, "before": str(second.context["page"].newer)})

    def numbers(answer: Any) -> list[str]:
        return [one.number for one in answer.context["page"].documents]

    assert numbers(second) == ["N100", "N101"]
    assert numbers(back) == numbers(first)
