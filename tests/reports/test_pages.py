"""The reports pages and downloads: who may, what the address carries, what is answered."""

import csv
import datetime
import html
import io
import re

import pytest
from django.http import StreamingHttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from connected_apps import financial_years
from connected_apps.models import Organisation
from invoices.models import Kind
from lrm.models import LrmRole, Portal
from reports import columns
from tests.support import builders as people
from tests.support import document_builders

pytestmark = pytest.mark.django_db

PAGE = "/reports/0442/"
ADDRESSES = [
    *("/reports/", PAGE, "/reports/0442.csv", "/reports/0442.xlsx", "/reports/0442.json"),
    *("/reports/0443/", "/reports/0443.csv", "/reports/0443.xlsx", "/reports/0443.json"),
    *("/reports/schedules/", "/reports/schedules/new/?report=0443"),
]
DASH = "\u2013"
ALL_DATES = {"date_from": "", "date_to": ""}


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    """The organisation that is reported on."""
    return document_builders.make_organisation(portal)


@pytest.fixture
def client(portal: Portal) -> Client:
    """A signed-in person of accounts."""
    return people.client_of(people.make_user(portal, accounts=True))


def text_of(client: Client, **query: str) -> str:
    """Return what people read on the page, in one line."""
    page = client.get(PAGE, query).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page))


def csv_of(client: Client, **query: str) -> list[dict[str, str]]:
    """Return the rows of the CSV."""
    response = client.get("/reports/0442.csv", query)
    assert isinstance(response, StreamingHttpResponse)
    text = response.getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("address", ADDRESSES)
def test_reports_are_open_to_accounts_and_portal_admins_and_to_nobody_else(
    portal: Portal, organisation: Organisation, client: Client, address: str
) -> None:
    colleague = people.make_user(portal, role=LrmRole.ADMIN)
    no_role = people.make_user(portal, role=LrmRole.NONE, accounts=True)
    admin = people.make_user(portal, portal_admin=True, role=LrmRole.NONE)

    allowed = client.get(address)

    # Reading a streamed answer to its end lets go of the workbook's file.
    assert b"".join(allowed)
    assert allowed.status_code == 200
    as_admin = people.client_of(admin).get(address)
    assert b"".join(as_admin)
    assert as_admin.status_code == 200
    assert people.client_of(colleague).get(address).status_code == 403
    assert people.client_of(no_role).get(address).status_code == 403
    assert people.client_of(None).get(address).status_code == 302


def test_stranger_sees_only_the_rows_of_the_own_portal(organisation: Organisation) -> None:
    document_builders.make_document(organisation, number="OURS")
    other = people.make_portal("Other")
    document_builders.make_document(document_builders.make_organisation(other), number="THEIRS")
    stranger = people.client_of(people.make_user(other, accounts=True))

    rows = csv_of(stranger, **ALL_DATES)

    assert [row["Number"] for row in rows] == ["THEIRS"]
    assert "OURS" not in text_of(stranger, **ALL_DATES)


def test_former_organisation_is_not_listed(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    former = document_builders.make_organisation(portal, name="Former", connected=False)
    document_builders.make_document(former, number="FORMER")
    document_builders.make_document(organisation, number="PRESENT")

    assert [row["Number"] for row in csv_of(client, **ALL_DATES)] == ["PRESENT"]


def test_page_shows_this_financial_year_when_the_address_asks_for_nothing(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    today = timezone.now().astimezone(portal.zone).date()
    first, last = financial_years.year_of(today)
    document_builders.make_document(organisation, number="IN-FIRST", date=first)
    document_builders.make_document(organisation, number="IN-LAST", date=last)
    document_builders.make_document(
        organisation, number="BEFORE", date=first - datetime.timedelta(days=1)
    )

    text = text_of(client)

    assert "IN-FIRST" in text
    assert "IN-LAST" in text
    assert "BEFORE" not in text
    assert "BEFORE" in text_of(client, **ALL_DATES)
    assert f'value="{first.isoformat()}"' in client.get(PAGE).content.decode()


def test_page_lists_cancelled_ones_marked_and_leaves_them_out_of_what_is_due(
    organisation: Organisation, client: Client
) -> None:
    document_builders.make_document(organisation, number="GOOD", total="100")
    document_builders.make_document(organisation, number="GONE", total="40", status="VOIDED")

    text = text_of(client, **ALL_DATES)

    assert f"Invoices AUD 2 140.00 40.00 in 1 {DASH} 0.00 0.00 100.00" in text
    assert "GONE Invoice" in text
    assert "40.00 not counted" in text
    assert "1 of them voided or deleted" in text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"date_from": "2026-02-30"}, "This is not a date."),
        ({"date_from": "yesterday"}, "This is not a date."),
        ({"date_from": "2026-07-02", "date_to": "2026-07-01"}, "The end is before the start."),
        ({"kind": "BILL"}, "Choose a kind from the list."),
        ({"status": "OVERDUE"}, "Choose a status from the list."),
        ({"currency": "A$"}, "Choose a currency from the list."),
        ({"age": "very"}, "Choose an age from the list."),
        ({"sort": "colour"}, "Choose an order from the list."),
        ({"learner": "L-none"}, "No learner here has the number L-none."),
        ({"learner": "x\x00"}, "Null characters are not allowed."),
    ],
)
def test_bad_filter_is_answered_at_its_field_and_kept(
    organisation: Organisation, client: Client, query: dict[str, str], message: str
) -> None:
    document_builders.make_document(organisation, number="INV-1")

    response = client.get(PAGE, query)
    html = response.content.decode()
    download = client.get("/reports/0442.xlsx", query)

    assert response.status_code == 200
    assert message in html
    assert "INV-1" not in html
    assert download.status_code == 400
    assert message in download.content.decode()


def test_learner_of_another_portal_is_unknown(organisation: Organisation, client: Client) -> None:
    theirs = people.make_learner(people.make_portal("Other"), number="THEIRS")

    assert f"No learner here has the number {theirs.number}." in text_of(client, learner="THEIRS")


def test_links_carry_the_filters_and_pages_follow_each_other(
    organisation: Organisation, client: Client
) -> None:
    for n in range(150):
        document_builders.make_document(organisation, number=f"N-{n:03}", currency="NZD")
    document_builders.make_document(organisation, number="AUD-1")

    first = client.get(PAGE, {**ALL_DATES, "currency": "nzd"}).content.decode()
    older = re.search(r'rel="next" href="([^"]*)"', first)
    assert older is not None
    second = client.get(older[1].replace("&amp;", "&")).content.decode()

    assert "N-149" in first
    assert "N-050" in first
    assert "N-049" not in first
    assert "N-049" in second
    assert "N-000" in second
    assert "N-050" not in second
    assert "AUD-1" not in first + second
    assert 'href="/reports/0442.csv?date_from=&amp;date_to=&amp;currency=nzd"' in first
    assert len(csv_of(client, currency="nzd")) == 150


def test_page_costs_the_same_queries_with_one_row_and_with_a_hundred(
    portal: Portal,
    organisation: Organisation,
    client: Client,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(100):
        learner = people.make_learner(portal)
        contact = document_builders.make_linked(learner, organisation)
        document_builders.make_document(organisation, contact_xero_id=contact)

    # Frame (session, user, notices, banners), freshness, rows, totals, learners, the panel.
    with django_assert_max_num_queries(40):
        html = client.get(PAGE, ALL_DATES).content.decode()

    assert html.count('/xero-invoices/"') == 100


def test_row_links_to_the_document_and_to_every_learner(
    portal: Portal, organisation: Organisation, client: Client
) -> None:
    learners = [people.make_learner(portal) for _ in range(2)]
    contact = document_builders.make_linked(learners[0], organisation)
    document_builders.link(learners[1], organisation, contact)
    document = document_builders.make_document(organisation, contact_xero_id=contact)

    html = client.get(PAGE, ALL_DATES).content.decode()

    assert f'href="{reverse("document_detail", args=[document.id])}"' in html
    for learner in learners:
        assert f'href="{reverse("learner_xero_invoices", args=[learner.id])}"' in html


def test_downloads_are_named_after_the_range(organisation: Organisation, client: Client) -> None:
    query = {"date_from": "2026-07-01", "date_to": "2026-07-31"}

    as_csv = client.get("/reports/0442.csv", query)
    as_xlsx = client.get("/reports/0442.xlsx", query)

    stem = f"report-0442-{organisation.portal.slug}-2026-07-01-2026-07-31"
    assert f'filename="{stem}.csv"' in as_csv["Content-Disposition"]
    assert f'filename="{stem}.xlsx"' in as_xlsx["Content-Disposition"]
    assert b"".join(as_csv).startswith(b"\xef\xbb\xbfKind,Number,")
    assert b"".join(as_xlsx).startswith(b"PK")


def test_page_says_who_can_connect_when_nothing_is_connected(
    portal: Portal, client: Client
) -> None:
    people.make_user(portal, portal_admin=True, first_name="Ada", last_name="Admin")

    assert "You can ask Ada Admin." in text_of(client)
    assert client.get("/reports/0442.csv").headers["Location"] == PAGE


def test_nonsense_in_the_page_edge_gives_the_first_page(
    organisation: Organisation, client: Client
) -> None:
    document_builders.make_document(organisation, number="INV-1")

    assert "INV-1" in text_of(client, **ALL_DATES, after="9999999-99.x", before="\x00")


def test_dashboard_leads_to_the_report_for_accounts_only(portal: Portal, client: Client) -> None:
    colleague = people.client_of(people.make_user(portal))

    assert f'href="{PAGE}"' in client.get("/").content.decode()
    assert f'href="{PAGE}"' not in colleague.get("/").content.decode()


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        (columns.PageColumn("reference", "Reference"), "PO 7731"),
        (columns.PageColumn("paid", "Paid", is_amount=True), "1,250.00"),
        (columns.PageColumn("synced_at", "Last synced"), "2026"),
    ],
)
def test_column_that_needs_no_words_of_its_own_is_one_line_of_the_table(
    client: Client,
    organisation: Organisation,
    monkeypatch: pytest.MonkeyPatch,
    column: columns.PageColumn,
    cell: str,
) -> None:
    document_builders.make_document(
        organisation, reference="PO 7731", total="1250", amount_paid="1250", amount_due="0"
    )
    monkeypatch.setattr(columns, "PAGE", (*columns.PAGE, column))

    html = client.get(PAGE, ALL_DATES).content.decode()

    cells = re.findall(rf'data-label="{column.heading}">(.*?)</td>', html, re.S)
    assert [cell in one for one in cells] == [True]


def test_row_opens_in_xero_by_the_address_of_the_files(
    client: Client, organisation: Organisation
) -> None:
    Organisation.objects.filter(pk=organisation.pk).update(short_code="!wc9")
    for kind in Kind:
        document_builders.make_document(organisation, kind=kind)

    page = client.get(PAGE, ALL_DATES).content.decode()

    shown = set(re.findall(r'href="(https://go\.xero\.com/[^"]+)"', page))
    in_file = {row["Open in Xero"] for row in csv_of(client, **ALL_DATES)} - {""}
    assert {html.unescape(one).replace("%21", "!") for one in shown} == in_file
    assert len(shown) == 2
