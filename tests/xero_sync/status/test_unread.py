"""What is here is not taken for all there is while kinds are unread or a first sync goes on."""

from datetime import timedelta

import pytest

from tests.support import builders
from tests.support.connections import ALL_WELL
from tests.support.faults import fault
from tests.support.linked import Linked, clock
from tests.support.resyncs import end_first
from xero_sync.jobs import sweep_schedule
from xero_sync.models import Cursor, SyncRun
from xero_sync.sweeps import sweeper

REPORT = "/reports/0442/"
DASHBOARD = "/"
CARD = "/settings/connected-apps/"
REFUSED = {"status": 403, "body": '{"Detail": "AuthenticationUnsuccessful"}'}


def texts(linked: Linked) -> dict[str, str]:
    """Return what the pages say to a portal admin who also keeps the accounts."""
    client = builders.client_of(linked.manager)
    pages = {page: client.get(page).content.decode() for page in (REPORT, DASHBOARD, CARD)}
    return {page: " ".join(html.split()) for page, html in pages.items()}


def sweep(linked: Linked) -> None:
    """Sweep all kinds, whatever becomes of it."""
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=clock())
    sweeper.sweep(organisation_id=linked.organisation.pk, clock=clock)


def test_kind_that_xero_refuses_is_named_at_once(linked: Linked) -> None:
    linked.sweep()
    fault(linked, REFUSED, times=-1, path="/CreditNotes")

    sweep(linked)

    said = texts(linked)
    line = "Not everything in Xero is here: credit notes cannot be read at the moment."
    assert "Changes of credit notes cannot be read at the moment." in said[REPORT]
    assert line in said[DASHBOARD]
    assert ALL_WELL not in said[CARD]
    assert "lacks the role for it in Xero" in said[CARD]


def test_first_sync_that_goes_on_is_told(linked: Linked) -> None:
    before = texts(linked)

    linked.sweep()

    line = "the first sync is still reading older documents"
    assert "Not complete yet." in before[REPORT]
    assert line in before[DASHBOARD]
    assert ALL_WELL not in before[CARD]
    after = texts(linked)
    assert not [page for page, said in after.items() if "Not everything in Xero" in said]
    assert ALL_WELL in after[CARD]


def test_first_sync_that_was_cancelled_is_told(linked: Linked) -> None:
    SyncRun.objects.update(state="CANCELLED", finished_at=clock())

    assert "The first sync was cancelled" in texts(linked)[REPORT]


@pytest.mark.parametrize(("minutes", "is_told"), [(1, False), (200, True)])
def test_short_wait_is_no_news(linked: Linked, minutes: int, is_told: bool) -> None:
    linked.sweep()
    end_first(linked)
    Cursor.objects.filter(resource="INVOICE").update(
        problem="Waiting for Xero's limit of calls a minute",
        last_swept_at=clock() - timedelta(minutes=minutes),
    )

    assert ("invoices cannot be read" in texts(linked)[REPORT]) is is_told
