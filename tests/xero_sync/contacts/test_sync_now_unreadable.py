"""*Sync now* where Xero answers with an error for one of the learner's documents."""

import html

import pytest

from invoices.models import Document
from lrm.models import Learner
from tests.support import builders, page_reading, valkey_flush
from tests.support.learners import save
from tests.support.linked import Linked
from tests.support.staff import bill
from xero_sync.models import Cursor, LearnerRefresh


@pytest.fixture
def learner(linked: Linked) -> Learner:
    """A learner who is in Xero, with three invoices that nothing announces."""
    linked.world.do("webhooks", enabled=False)
    learner = save(linked)
    linked.push()
    for _ in range(3):
        bill(linked, learner)
    press(linked, learner)
    linked.refresh()
    assert Document.objects.count() == 3
    return learner


def press(linked: Linked, learner: Learner) -> None:
    """Press *Sync now*, as long after the last time as it takes."""
    LearnerRefresh.objects.update(requested_at="2026-01-01T00:00Z")
    answer = builders.client_of(linked.manager).post(f"/learners/{learner.pk}/xero-contact/sync/")
    assert answer.status_code == 302


def refresh_patiently(linked: Linked) -> LearnerRefresh:
    """Let workers try until it is done, without the pauses; not for ever."""
    for _ in range(6):
        valkey_flush.forget_all()
        LearnerRefresh.objects.update(not_before=None)
        linked.refresh()
    return LearnerRefresh.objects.get()


def said(linked: Linked, learner: Learner) -> str:
    """Return what the learner's page says."""
    address = f"/learners/{learner.pk}/xero-invoices/"
    answer = builders.client_of(linked.manager).get(address)
    return page_reading.text_of(answer.content.decode())


def test_all_else_is_read_and_the_rest_is_told(linked: Linked, learner: Learner) -> None:
    known = Document.objects.order_by("xero_id")[0]
    new = bill(linked, learner)
    for broken in (known.number, new):
        match = {"path": "/Invoices$", "holds": f'"{broken}"'}
        linked.world.do("faults", match=match, times=-1, answer={"status": 500})
    Document.objects.exclude(pk=known.pk).update(total=1)
    Document.objects.update(updated_at="2020-01-01T00:00Z")
    press(linked, learner)

    refresh = refresh_patiently(linked)

    assert refresh.finished_at is not None
    page = html.unescape(said(linked, learner))
    assert "Not everything could be read" in page
    assert "Xero answers with an error when it lists this learner's invoices." in page
    totals = Document.objects.exclude(pk=known.pk).values_list("total", flat=True)
    assert set(totals) != {1}
    assert Cursor.objects.get(resource="INVOICE").next_due_at <= refresh.finished_at


def test_outage_is_waited_for(linked: Linked, learner: Learner) -> None:
    linked.world.fail("/api.xro/2.0/Invoices", times=-1, status=500)
    press(linked, learner)

    assert refresh_patiently(linked).finished_at is None
    assert "Sync now waits: Xero is not answering" in said(linked, learner)

    linked.world.heal()
    assert refresh_patiently(linked).finished_at is not None
