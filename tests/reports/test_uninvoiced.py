"""Report #0443: who has no invoice in Xero yet, why, and what is said while documents miss."""

import csv
import datetime
import html
import io
import json
import re
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from connected_apps.models import Connection, Organisation
from invoices.models import CoverDecision, Kind, NamedNumber
from lrm.models import Learner, LearnerChange, LrmRole, Portal
from reports.uninvoiced import criteria
from tests.support import builders as people
from tests.support import document_builders, page_reading
from xero_sync.models import ContactPush, ContactQuestion, PushState

PAGE = "/reports/0443/"
DAY = datetime.timedelta(days=1)
DASH = "\u2013"


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """The organisation whose documents learners are held against."""
    return document_builders.make_organisation(portal)


@pytest.fixture
def client(portal: Portal) -> Client:
    """A signed-in person of accounts."""
    return people.client_of(people.make_user(portal, accounts=True))


def ticked(portal: Portal, name: str, **fields: Any) -> Learner:
    """Store a learner who is to go to Xero."""
    return people.make_learner(
        portal, **{"given_name": "", "family_name": name, "sync_to_xero": True, **fields}
    )


def with_document(organisation: Organisation, name: str, **fields: Any) -> Learner:
    """Store a learner with a contact and one document."""
    learner = ticked(organisation.portal, name)
    contact = document_builders.make_linked(learner, organisation)
    document_builders.make_document(organisation, contact_xero_id=contact, **fields)
    return learner


def cover(organisation: Organisation, learner: Learner, **fields: Any) -> None:
    """Say that an invoice to somebody else covers a learner."""
    document = document_builders.make_document(
        organisation, contact_name="Banksia Catering", number="INV-EMP", **fields
    )
    CoverDecision.objects.create(
        learner=learner,
        organisation=organisation,
        kind=document.kind,
        document_xero_id=document.xero_id,
        is_covered=True,
        by_name="A person",
        at=document_builders.NOW,
    )


def rows_of(client: Client, **query: str) -> dict[str, str]:
    """Return the reasons of the CSV's learners by their names."""
    answer = client.get("/reports/0443.csv", query)
    text = b"".join(answer).decode("utf-8-sig")
    return {row["Learner"]: row["Why"] for row in csv.DictReader(io.StringIO(text))}


def text_of(client: Client, **query: str) -> str:
    """Return what people read on the page."""
    return page_reading.text_of(client.get(PAGE, query).content.decode())


def make_cast(portal: Portal, organisation: Organisation) -> None:
    """Store a learner for every answer there is."""
    with_document(organisation, "Invoiced")
    with_document(organisation, "Paid", status="PAID")
    with_document(organisation, "Draft", status="DRAFT")
    with_document(organisation, "Odd", status="NEW_WORD")
    with_document(organisation, "Voided", status="VOIDED")
    with_document(organisation, "Credit", kind=Kind.CREDIT_NOTE)
    ticked(portal, "Nothing")
    document_builders.make_linked(ticked(portal, "Linked"), organisation)
    ContactQuestion.objects.create(
        organisation=organisation,
        learner=ticked(portal, "Asked"),
        contact_xero_id=document_builders.make_contact(organisation).xero_id,
        why="",
        asked_at=document_builders.NOW,
    )
    ContactPush.objects.create(
        learner=ticked(portal, "Refused"),
        state=PushState.REFUSED,
        problem="Email is not valid",
        requested_at=document_builders.NOW,
    )
    named = ticked(portal, "Named")
    NamedNumber.objects.create(
        document=document_builders.make_document(organisation),
        organisation=organisation,
        number=named.number,
    )
    cover(organisation, ticked(portal, "Covered"))
    cover(organisation, ticked(portal, "Covered Once"), status="VOIDED")
    ticked(portal, "Unticked", sync_to_xero=False)


def test_everybody_without_an_invoice_is_listed_with_why(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    make_cast(portal, organisation)

    listed = rows_of(client)

    assert listed == {
        "Draft": "Only invoices that are not approved yet",
        "Odd": "Only invoices that are not approved yet",
        "Voided": "Only invoices that were voided or deleted",
        "Credit": "Only credits",
        "Nothing": "No contact in Xero yet",
        "Linked": "No document in Xero",
        "Asked": "A question about the contact in Xero waits for an answer",
        "Refused": "Refused by Xero: Email is not valid",
        "Named": "An invoice to somebody else may be for this learner: nobody has said yet",
        "Covered Once": "No contact in Xero yet",
    }
    assert rows_of(client, who="all") == {
        **listed,
        "Unticked": "Sync to Xero is off, so there is no contact in Xero",
    }
    assert set(rows_of(client, contact="yes")) == {"Draft", "Odd", "Voided", "Credit", "Linked"}
    assert set(rows_of(client, contact="no")) == set(listed) - set(rows_of(client, contact="yes"))
    assert set(rows_of(client, asked="on")) == {"Asked"}
    assert rows_of(client, show="billed") == {"Covered": "Billed to somebody else"}
    assert "10 to invoice, 1 billed to somebody else, 2 with an invoice of their own." in text_of(
        client
    )
    assert "Banksia Catering (INV-EMP)" in text_of(client, show="billed")


def test_since_goes_by_when_added_or_ticked(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    now = timezone.now()
    ticked(portal, "Old", created_at=now - 200 * DAY)
    ticked(portal, "New", created_at=now - 3 * DAY)
    for name, fields in (("Ticked", ["sync_to_xero"]), ("Renamed", ["family_name"])):
        learner = ticked(portal, name, created_at=now - 200 * DAY)
        LearnerChange.objects.create(learner=learner, at=now - DAY, fields=fields)
    since = (now - 10 * DAY).date().isoformat()

    assert set(rows_of(client)) == {"New", "Ticked"}
    assert set(rows_of(client, since=since)) == {"New", "Ticked"}
    assert set(rows_of(client, since="")) == {"Old", "New", "Ticked", "Renamed"}


def test_counts_since_a_day_have_each_learner_once(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    """Who was ticked is found apart from who was added; some were both, some by another portal."""
    now, elsewhere = timezone.now(), people.make_portal("Saltbush")
    long_ago = now - 200 * DAY
    learners = [
        ticked(portal, "Added"),
        ticked(portal, "Added And Ticked"),
        ticked(portal, "Ticked", created_at=long_ago),
        ticked(portal, "Ticked Off", created_at=long_ago, sync_to_xero=False),
        ticked(elsewhere, "Of Another Portal"),
    ]
    ticked(portal, "Old", created_at=long_ago)
    for learner in learners[1:]:
        for days in (2, 1):
            LearnerChange.objects.create(
                learner=learner, at=now - days * DAY, fields=["email", "sync_to_xero"]
            )
    invoiced = with_document(organisation, "Invoiced")
    since = {"since": (now - 30 * DAY).date().isoformat()}

    for query, to_invoice in ((since, 3), ({**since, "who": "all"}, 3), ({"since": ""}, 4)):
        counts = client.get(PAGE, query).context["counts"]
        assert (counts.to_invoice, counts.billed, counts.invoiced) == (to_invoice, 0, 1)
        assert len(rows_of(client, **query)) == to_invoice
    assert invoiced.full_name not in rows_of(client, **since)


def test_many_learners_are_counted_after_the_page_is_there(
    portal: Portal, organisation: Organisation, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the page itself, or without script by a link; either keeps the filter."""
    monkeypatch.setattr(criteria, "COUNTED_AT_ONCE", 2)
    monkeypatch.setattr(criteria, "MOST_COUNTED", 3)
    for name in ("One", "Two", "Three"):
        ticked(portal, name)
    ticked(portal, "Not Ticked", sync_to_xero=False)

    def get(address: str, **headers: str) -> str:
        return client.get(address, headers=headers).content.decode()

    page = get(f"{PAGE}?since=")
    assert "More than 2 learners match. Count them" in page_reading.text_of(page)
    (link,) = map(html.unescape, re.findall(r'<a href="([^"]+)">Count them', page))
    exact = "3 to invoice, 0 billed to somebody else, 0 with an invoice of their own."
    assert exact in page_reading.text_of(get(link))
    part = get(link, **{"HX-Request": "true"})
    assert page_reading.text_of(part).strip() == exact
    assert "hx-get" not in part
    too_many = page_reading.text_of(get(f"{link}&who=all", **{"HX-Request": "true"}))
    assert too_many.strip() == "More than 3 learners match, too many to count while you wait."


def test_nobody_is_called_not_invoiced_while_documents_are_missing(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    document_builders.make_linked(ticked(portal, "Linked"), organisation)
    Connection.objects.update(state="DISCONNECTED_IN_XERO")

    text = text_of(client)
    answer = client.get("/reports/0443.csv")

    assert "Xero was disconnected" in text
    assert "learners who are listed may have an invoice that is missing here" in text
    assert "No document here, and some of Xero are missing here" in text
    assert "-incomplete.csv" in answer["Content-Disposition"]
    assert b"No document in Xero" not in b"".join(answer)


def test_files_have_the_same_rows_and_say_whose_they_are(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    make_cast(portal, organisation)
    ticked(portal, "=cmd()", number="+61")

    as_csv = rows_of(client)
    as_json = json.loads(b"".join(client.get("/reports/0443.json")))
    book = openpyxl.load_workbook(io.BytesIO(b"".join(client.get("/reports/0443.xlsx"))))

    lines = list(book["Learners"].iter_rows(values_only=True))
    assert {row["name"]: row["reason"] for row in as_json["rows"]} == {
        name.removeprefix("'"): why for name, why in as_csv.items()
    }
    assert [line[0] for line in lines[1:]] == [row["name"] for row in as_json["rows"]]
    assert "'=cmd()" in as_csv
    assert isinstance(lines[1][2], datetime.datetime)
    assert as_json["organisation"] == organisation.name
    assert as_json["count"] == len(as_csv) == 11
    about = {row[0]: row[1] for row in book["About"].iter_rows(values_only=True)}
    assert about["Report"] == "#0443 Learners to invoice"
    assert {cell.data_type for row in book["Learners"].iter_rows() for cell in row} == {
        *("s", "d", "n")
    }


def test_pages_meet_without_gap_and_cost_the_same_queries(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    for n in range(103):
        ticked(
            portal, f"N{n:03}", created_at=timezone.now() - (n // 2) * datetime.timedelta(hours=1)
        )

    def turn(**query: str) -> tuple[list[str], Any, int]:
        with CaptureQueriesContext(connection) as captured:
            page = client.get(PAGE, query).context["page"]
        return [row.name for row in page.rows], page, len(captured)

    first, page, cost = turn()
    second, last, _ = turn(after=str(page.older))
    back, _, _ = turn(before=str(last.newer))
    Learner.objects.filter(pk__in=[row.id for row in page.rows[1:]]).delete()
    _, _, cost_of_few = turn()

    assert len(first) == 100
    assert first == back
    assert sorted(first + second) == [f"N{n:03}" for n in range(103)]
    assert last.older is None
    assert cost == cost_of_few


def test_report_is_for_those_with_the_right_and_of_the_own_portal(
    portal: Portal, organisation: Organisation
) -> None:
    ticked(portal, "Ours")
    admin = people.make_user(portal, portal_admin=True, role=LrmRole.NONE)
    stranger = people.make_portal("Saltbush")
    theirs = document_builders.make_organisation(stranger)
    ticked(stranger, "Theirs")
    # The same tenant in Xero, whose documents name nobody of ours.
    with_document(theirs, "Invoiced There")

    for user in (admin, people.make_user(portal, accounts=True)):
        assert set(rows_of(people.client_of(user))) == {"Ours"}
    colleague = people.client_of(people.make_user(portal, role=LrmRole.ADMIN))
    assert colleague.get(PAGE).status_code == 403
    assert set(rows_of(people.client_of(people.make_user(stranger, accounts=True)))) == {"Theirs"}
    assert "xero-invoices" not in people.client_of(admin).get(PAGE).content.decode()


def test_what_is_not_connected_or_asked_wrongly_is_answered(portal: Portal, client: Client) -> None:
    assert "Xero is not connected" in text_of(client)
    assert client.get("/reports/0443.csv").headers["Location"] == PAGE

    document_builders.make_organisation(portal)

    assert "Nobody to invoice" in text_of(client)
    assert "This is not a date." in text_of(client, since="2026-02-30")
    assert client.get("/reports/0443.csv", {"since": "x"}).status_code == 400
    assert client.get(PAGE, {"since": "0001-01-01"}).status_code == 200
    assert (
        client.get(PAGE, {"since": "9999-12-31", "after": "x", "before": "\x00"}).status_code == 200
    )
    assert 'href="/reports/0443/"' in client.get("/").content.decode()
