"""10,000 documents of all four kinds, to the cent and the day; and a run that resumes."""

from collections.abc import Iterator

import pytest

from invoices.models import Document
from tests.support import simulator_process, worker_stopping
from tests.support.linked import Linked, clock
from tests.support.mirror import SALES, ours, theirs
from tests.support.resyncs import ask
from xero_sync.models import RunState, SyncRun, SyncStep
from xero_sync.runs import run_requests, run_worker

# Sixteen thousand documents are made, served, stored and compared.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator with more sales documents than ten thousand."""
    with simulator_process.running(
        "--no-limits", "--documents", "16000", "--contacts", "1500"
    ) as url:
        yield url


def test_ten_thousand_documents_equal_the_simulators(linked: Linked) -> None:
    run = linked.work(ask(linked))

    assert (run.state, run.reason) == (RunState.DONE, "")
    wanted = theirs(linked)
    assert len(wanted) >= 10_000
    assert {kind for kind, _ in wanted} == set(SALES.values())
    assert ours(linked) == wanted


def test_interrupted_run_resumes_at_its_checkpoint_and_ends_exact(linked: Linked) -> None:
    run = ask(linked)
    pages_seen = []

    # A turn that is over after each page stands for a worker that is killed after it.
    with worker_stopping.told_to_stop():
        while run_worker.work_on(run_id=run.pk, clock=clock) is not None:
            pages_seen.append(sum(SyncStep.objects.values_list("next_page", flat=True)))

    assert pages_seen == sorted(pages_seen)
    assert len(set(pages_seen)) > 5
    assert SyncRun.objects.get(pk=run.pk).state == RunState.DONE
    assert ours(linked) == theirs(linked)


def test_cancelled_run_keeps_what_it_stored_and_stops(linked: Linked) -> None:
    run = ask(linked)
    with worker_stopping.told_to_stop():
        run_worker.work_on(run_id=run.pk, clock=clock)
    stored = Document.objects.count()

    assert run_requests.cancel(run=run, by=linked.manager, now=clock())
    assert run_worker.work_on(run_id=run.pk, clock=clock) is None

    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    assert Document.objects.count() == stored > 0
