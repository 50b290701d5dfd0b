"""An import whose worker is killed again and again: it resumes, and repeats no row."""

import itertools
import signal
import time
from collections import Counter

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from lrm.models import BatchJob, JobState, LearnerChange, Portal
from tests.convergence import crew
from tests.support import builders, document_builders
from xero_sync.models import ContactPush

# Six batches.
ROWS = 3000


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_import_killed_in_the_middle_ends_exact_and_repeats_no_row(simulator: str) -> None:
    portal = builders.make_portal()
    document_builders.make_organisation(portal)
    job = import_learners(portal)
    lingering = itertools.cycle([0.0, 0.05, 0.2, 0.5])
    kills = 0

    with crew.hired(simulator) as hired:
        while job.is_open:
            before = job.done
            pid = hired.start("job", job.pk, ahead=0)
            while job.done == before and job.is_open:
                job.refresh_from_db()
            time.sleep(next(lingering))
            hired.signal(pid, signal.SIGKILL)
            kills += hired.wait(pid).code == -signal.SIGKILL
            job.refresh_from_db()

    assert kills >= 3
    assert (job.state, job.done, job.changed, job.failed) == (JobState.DONE, ROWS, ROWS, 0)
    assert set(portal.learners.values_list("number", flat=True)) == {f"L{n}" for n in range(ROWS)}
    changes = Counter(LearnerChange.objects.values_list("learner_id", flat=True))
    assert set(changes.values()) == {1}
    assert set(ContactPush.objects.values_list("version")) == {(1,)}
    assert ContactPush.objects.count() == ROWS


def import_learners(portal: Portal) -> BatchJob:
    """Upload a file and confirm it."""
    client = builders.client_of(builders.make_user(portal))
    rows = "".join(f"L{n},Mei,Kelly {n},yes\n" for n in range(ROWS))
    content = f"Number,Given name,Family name,Sync to Xero\n{rows}".encode()
    answer = client.post("/learners/import/", {"file": SimpleUploadedFile("a.csv", content)})
    client.post(f"{answer['Location']}confirm/")
    return BatchJob.objects.get()
