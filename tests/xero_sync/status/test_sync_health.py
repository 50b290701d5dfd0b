"""Sync health: three lists, what can be tried again, and who may."""

import csv
import html
import io
import re
from datetime import timedelta

import pytest
from django.db.models import F

from connected_apps.models import AuditEvent, Connection
from invoices.models import Contact, Document
from tests.support import builders, document_builders
from tests.support.bad_documents import invoice, serve
from tests.support.ghosts import heal, store_ghost
from tests.support.linked import Linked, clock
from tests.support.page_reading import text_of
from tests.support.resyncs import make_run, people
from xero_sync.models import (
    Cursor,
    QuarantinedDocument,
    RunState,
    RunWhat,
    WebhookEvent,
)

PAGE = "/settings/connected-apps/xero/health/"
RETRY = f"{PAGE}retry/"
CSV = "/settings/connected-apps/xero/health.csv"


@pytest.fixture
def failing(linked: Linked) -> Linked:
    """Give a portal of which one document could not be saved."""
    serve(linked, invoice(1), invoice(2, Total="a lot"))
    linked.sweep()
    assert QuarantinedDocument.objects.count() == 1
    return linked


def page_of(linked: Linked, query: str = "") -> str:
    return builders.client_of(linked.manager).get(f"{PAGE}{query}").content.decode()


def test_lists_say_what_is_in_sync_and_what_is_not(failing: Linked) -> None:
    html = page_of(failing)
    only = page_of(failing, "?show=failing")

    assert "Failing, and what to do (1)" in html
    assert "INV-2" in html
    assert "In sync (" in html
    assert "2 in Xero, checked today" in html
    assert "INV-2" in only
    assert "In sync (" not in only


def test_diagnostics_hold_nothing_of_what_xero_sent(failing: Linked) -> None:
    html = page_of(failing)

    diagnostics = html.partition("<textarea")[2].partition("</textarea>")[0]
    assert "Answer: [removed] is not an amount" in diagnostics
    assert "a lot" not in diagnostics


def test_document_is_fetched_again_and_shows_once_it_can_be_saved(failing: Linked) -> None:
    row = QuarantinedDocument.objects.get()
    serve(failing, invoice(1), invoice(2))
    client = builders.client_of(failing.manager)

    answer = client.post(RETRY, {"row": row.pk}, follow=True)
    failing.take_events()

    assert "1 document is fetched again now" in answer.content.decode()
    assert Document.objects.filter(number="INV-2").exists()
    assert not QuarantinedDocument.objects.exists()
    assert AuditEvent.objects.get(action="DOCUMENTS_TRIED_AGAIN").actor == failing.manager
    assert "Nothing fails." in page_of(failing)


@pytest.mark.parametrize("row", ["", "0", "-1", "x", "9" * 30, "all"])
def test_anything_may_be_asked_for(failing: Linked, row: str) -> None:
    answer = builders.client_of(failing.manager).post(RETRY, {"row": row})

    assert answer.status_code == 302
    asked = WebhookEvent.objects.filter(note="Asked for by a person").count()
    assert asked == (1 if row == "all" else 0)


def test_file_has_the_same_lines_and_no_formula(failing: Linked) -> None:
    QuarantinedDocument.objects.update(number="=1+1")

    text = builders.client_of(failing.manager).get(CSV).content.decode()

    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][:2] == ["List", "What"]
    assert rows[1][1] == "Invoices: =1+1"
    assert all(not cell.startswith("=") for row in rows for cell in row)


@pytest.mark.parametrize(
    ("who", "see", "act"),
    [
        ("manager", 200, 302),
        ("watcher", 200, 403),
        ("staff", 403, 403),
        ("stranger", 200, 302),
        ("nobody", 302, 302),
    ],
)
def test_rights(failing: Linked, who: str, see: int, act: int) -> None:
    client = builders.client_of(people(failing)[who])

    pages = [client.get(PAGE), client.get(CSV)]
    posted = client.post(RETRY, {"row": QuarantinedDocument.objects.get().pk})

    assert [page.status_code for page in pages] == [see, see]
    assert posted.status_code == act
    asked = WebhookEvent.objects.filter(note="Asked for by a person").exists()
    assert asked == (who == "manager")
    if who == "stranger":
        assert "INV-2" not in pages[0].content.decode()


def test_page_costs_a_fixed_number_of_queries(
    failing: Linked, django_assert_max_num_queries: object
) -> None:
    one = QuarantinedDocument.objects.get()
    for number in range(30):
        one.pk, one.identity = None, f"odd-{number}"
        one.save()

    with django_assert_max_num_queries(45):  # type: ignore[operator]
        html = page_of(failing)

    assert "Try all 31 again" in html


def test_difference_is_that_of_the_run_that_found_it_whatever_ended_since(linked: Linked) -> None:
    linked.sweep()
    run = heal(linked, store_ghost(linked, "GHOST-1"), days=2)
    make_run(
        linked.portal,
        what=RunWhat.LEARNERS,
        state=RunState.DONE_WITH_PROBLEMS,
        reason="1 refused by Xero",
        finished_at=clock() + timedelta(minutes=1),
    )

    words = text_of(page_of(linked))

    assert f"Documents that differ from Xero {run.reason}." in words
    assert "1 refused by Xero" not in words


def test_each_part_of_what_is_left_out_leads_to_its_own_list(linked: Linked) -> None:
    linked.sweep()
    builders.make_learner(linked.portal, sync_to_xero=False)
    supplier = document_builders.make_contact(linked.organisation)
    Contact.objects.filter(pk=supplier.pk).update(raw={"IsSupplier": True})
    client = builders.client_of(linked.manager)

    found = re.findall(r'href="([^"]*tab=left-out[^"]*)"', page_of(linked))

    assert len(found) > 1
    for address in found:
        page = client.get(html.unescape(address))
        assert page.context["where"].part.value == address.rpartition("of=")[2]


def test_kinds_to_which_no_worker_comes_fail(linked: Linked) -> None:
    linked.sweep()
    assert "Nothing fails." in page_of(linked)
    days = timedelta(days=2)
    Cursor.objects.update(
        last_swept_at=F("last_swept_at") - days, next_due_at=F("next_due_at") - days
    )
    Connection.objects.update(connected_at=clock() - 3 * days)

    page = page_of(linked, "?show=failing")

    assert "Xero has not been checked since" in page
    assert "so changes may be missing here." in page
    assert "Nothing fails." not in page
    assert "Answer: no worker came" in page
    assert "no worker came" in builders.client_of(linked.manager).get(CSV).content.decode()
