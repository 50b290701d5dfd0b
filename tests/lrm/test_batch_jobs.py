"""Batch jobs: done batch by batch, resumed exactly, given up with a sentence, shown to whom it may.

The job of these tests writes one notice for each number, so that work done twice would be seen.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from lrm import permissions
from lrm.batch_jobs import halving, job_queue, job_worker, kinds, retention
from lrm.models import BatchJob, JobFailure, JobState, LrmRole, Notice, NoticeLevel, Portal, User
from tests.support import builders
from tests.support.batch_jobs import clock, work_on

KIND = "tests-count"
BATCH = 10


@dataclass
class Counting:
    """A job that counts, and the numbers at which something goes wrong."""

    portal: Portal
    by: User
    bad_rows: set[int] = field(default_factory=set)
    breaks_at: int | None = None
    ended: list[int] = field(default_factory=list)

    def ask(self, total: int = 35) -> BatchJob:
        return job_queue.request(
            portal=self.portal, kind=KIND, by=self.by, total=total, now=clock()
        )

    def handle(self, job: BatchJob, now: datetime) -> kinds.Progress:
        start = job.cursor.get("after", 0)
        rows = list(range(start + 1, min(start + BATCH, job.total) + 1))
        Notice.objects.bulk_create(
            Notice(user=self.by, text=f"number {row}") for row in rows if row not in self.bad_rows
        )
        if self.breaks_at in rows:
            raise RuntimeError("broken on purpose")
        bad = [row for row in rows if row in self.bad_rows]
        failures = [
            kinds.Failure(row=row, name=f"=Number {row}", reason="It is bad.", values={"A": "+1"})
            for row in bad
        ]
        return kinds.Progress(
            cursor={"after": start + len(rows)},
            done=len(rows),
            changed=len(rows) - len(bad),
            failures=failures,
            is_over=start + len(rows) >= job.total,
        )

    def counted(self) -> list[int]:
        texts = Notice.objects.filter(text__startswith="number ").order_by("id")
        return [int(text.split()[1]) for text in texts.values_list("text", flat=True)]

    def told(self) -> list[Notice]:
        return list(Notice.objects.filter(user=self.by).exclude(text__startswith="number "))


@pytest.fixture
def counting(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> Counting:
    at_work = Counting(portal, builders.make_user(portal))
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    kinds.register(
        kinds.JobKind(
            name=KIND,
            right=permissions.may_see_learners,
            explanation="Counting is for people who work with learners.",
            handle=at_work.handle,
            title=lambda job: f"Counting to {job.total}",
            outcome=lambda job: f"Counted {job.changed:,}.",
            back_to=("learners", "Learners"),
            ended=lambda job: at_work.ended.append(job.pk),
        )
    )
    return at_work


def page_of(user: User, job: BatchJob, rest: str = "") -> Any:
    return builders.client_of(user).get(f"/jobs/{job.pk}/{rest}")


def test_job_is_done_batch_by_batch_and_whoever_asked_is_told(counting: Counting) -> None:
    job = counting.ask()

    work_on(job)

    assert counting.counted() == list(range(1, 36))
    assert (job.state, job.done, job.changed, job.failed) == (JobState.DONE, 35, 35, 0)
    assert counting.ended == [job.pk]
    (notice,) = counting.told()
    assert (notice.text, notice.level, notice.url) == (
        "Counted 35.",
        NoticeLevel.SUCCESS,
        f"/jobs/{job.pk}/",
    )
    assert "Counted 35." in page_of(counting.by, job).content.decode()


def test_turn_ends_after_its_time_and_the_next_goes_on(counting: Counting) -> None:
    job = counting.ask()

    delay = job_worker.work_on(job_id=job.pk, clock=clock, turn=timedelta(0))

    job.refresh_from_db()
    assert delay == timedelta(0)
    assert (job.state, job.done) == (JobState.RUNNING, BATCH)
    assert job_queue.waiting_jobs(now=clock()) == [job.pk]
    work_on(job)
    assert counting.counted() == list(range(1, 36))


def test_failed_batch_leaves_nothing_behind_and_is_done_once_later(counting: Counting) -> None:
    job = counting.ask()
    counting.breaks_at = 25
    work_on(job)
    assert counting.counted() == list(range(1, 21))
    assert (job.state, job.done, job.attempts) == (JobState.RUNNING, 20, 1)
    assert job.not_before is not None
    assert job_queue.waiting_jobs(now=clock()) == []
    assert "tried again" in page_of(counting.by, job).content.decode()

    counting.breaks_at = None
    BatchJob.objects.update(not_before=clock())
    work_on(job)

    assert counting.counted() == list(range(1, 36))
    assert (job.state, job.attempts, job.problem) == (JobState.DONE, 0, "")


def test_job_that_fails_again_and_again_is_given_up_with_a_sentence(
    counting: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    job = counting.ask()
    counting.breaks_at = 25

    for _ in range(len(job_worker.DELAYS) + 1):
        BatchJob.objects.update(not_before=None)
        work_on(job)

    assert (job.state, job.done) == (JobState.FAILED, 20)
    assert job_queue.waiting_jobs(now=clock()) == []
    assert counting.ended == [job.pk]
    (notice,) = counting.told()
    assert notice.level == NoticeLevel.WARNING
    assert notice.text.startswith("Counting to 35: given up.")
    said = page_of(counting.by, job).content.decode()
    assert "What it had done until then stays." in said
    assert "RuntimeError" in caplog.text
    assert "broken on purpose" not in caplog.text


def test_bad_row_stops_none_of_the_others_and_is_listed(counting: Counting) -> None:
    counting.bad_rows = {7, 31}
    job = work_on(counting.ask())

    said = page_of(counting.by, job).content.decode()
    sheet = page_of(counting.by, job, "failures.csv").content.decode()

    assert counting.counted() == [n for n in range(1, 36) if n not in {7, 31}]
    assert (job.state, job.changed, job.failed) == (JobState.DONE, 33, 2)
    assert counting.told()[0].text == "Counted 33. See why."
    assert "=Number 7" in said
    assert "It is bad." in said
    assert sheet.splitlines()[:2] == ["\ufeffRow,Who,Why not,A", "7,'=Number 7,It is bad.,'+1"]


def test_only_so_many_failures_are_kept_and_all_are_counted(
    counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_worker, "MOST_FAILURES", 12)
    counting.bad_rows = set(range(1, 36))

    job = work_on(counting.ask())

    assert (job.failed, job.failures.count()) == (35, 12)


def test_failures_are_deleted_a_month_after_the_end(counting: Counting) -> None:
    counting.bad_rows = {7}
    job = work_on(counting.ask())
    assert job.finished_at is not None

    retention.delete_old_failures(now=job.finished_at + timedelta(days=29))
    kept = JobFailure.objects.count()
    retention.delete_old_failures(now=job.finished_at + timedelta(days=31))

    assert (kept, JobFailure.objects.count()) == (1, 0)
    assert "kept for a month" in page_of(counting.by, job).content.decode()


@pytest.mark.django_db(transaction=True)
def test_job_that_another_worker_has_is_left_alone(counting: Counting) -> None:
    job = counting.ask()
    rival = connection.copy()
    try:
        with rival.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("SELECT 1 FROM lrm_batchjob WHERE id = %s FOR UPDATE", [job.pk])

            assert job_worker.work_on(job_id=job.pk, clock=clock) is None

            cursor.execute("ROLLBACK")
    finally:
        rival.close()
    assert counting.counted() == []
    assert work_on(job).state == JobState.DONE


def test_kind_of_a_newer_release_is_left_to_its_workers(counting: Counting) -> None:
    job = counting.ask()
    BatchJob.objects.update(kind="of-tomorrow")

    assert job_worker.work_on(job_id=job.pk, clock=clock) is None

    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert page_of(counting.by, job).status_code == 404
    with pytest.raises(LookupError):
        job_queue.request(
            portal=counting.portal, kind="of-tomorrow", by=counting.by, total=1, now=clock()
        )


def test_stopped_job_keeps_what_it_has_done(counting: Counting) -> None:
    job = counting.ask()
    job_worker.work_on(job_id=job.pk, clock=clock, turn=timedelta(0))
    client = builders.client_of(counting.by)

    said = client.post(f"/jobs/{job.pk}/stop/", follow=True).content.decode()
    again = client.post(f"/jobs/{job.pk}/stop/", follow=True).content.decode()

    work_on(job)
    assert counting.counted() == list(range(1, 11))
    assert (job.state, job.problem) == (JobState.STOPPED, f"{counting.by} stopped it.")
    assert "It was stopped." in said
    assert "It had ended already." in again
    assert counting.ended == [job.pk]


def test_whoever_asked_is_told_when_somebody_else_stops_it(counting: Counting) -> None:
    job = counting.ask()
    colleague = builders.make_user(counting.portal, first_name="Kim", last_name="Boronia")

    builders.client_of(colleague).post(f"/jobs/{job.pk}/stop/")
    builders.client_of(colleague).post(f"/jobs/{job.pk}/stop/")

    (notice,) = counting.told()
    assert (notice.text, notice.level, notice.url) == (
        "Counting to 35: stopped by Kim Boronia. What was done until then stays.",
        NoticeLevel.WARNING,
        f"/jobs/{job.pk}/",
    )
    assert not Notice.objects.filter(user=colleague).exists()


def test_whoever_stops_their_own_job_is_not_told(counting: Counting) -> None:
    job = counting.ask()

    builders.client_of(counting.by).post(f"/jobs/{job.pk}/stop/")

    assert counting.told() == []


def test_page_promises_a_notice_to_nobody_but_who_asked(counting: Counting) -> None:
    job = counting.ask()
    colleague = builders.make_user(counting.portal)

    for rest in ("", "progress/"):
        own, theirs = (
            page_of(user, job, rest).content.decode() for user in (counting.by, colleague)
        )
        assert "You may leave this page: a notice under the bell says" in own
        assert f"You may leave this page: {counting.by} is told when it has ended." in theirs
    BatchJob.objects.update(by=None)
    assert "You may leave this page." in page_of(colleague, job).content.decode()


def test_live_part_is_answered_only_when_something_has_changed(counting: Counting) -> None:
    job = counting.ask()
    client = builders.client_of(counting.by)
    first = client.get(f"/jobs/{job.pk}/progress/")
    seen = first.context["mark"]

    same = client.get(f"/jobs/{job.pk}/progress/", {"seen": seen})
    job_worker.work_on(job_id=job.pk, clock=clock, turn=timedelta(0))
    changed = client.get(f"/jobs/{job.pk}/progress/", {"seen": seen})
    work_on(job)
    over = client.get(f"/jobs/{job.pk}/progress/", {"seen": changed.context["mark"]})

    assert "It begins within a few seconds." in first.content.decode()
    assert same.status_code == 204
    assert "10 of 35 done" in changed.content.decode()
    assert "hx-get" in changed.content.decode()
    assert "hx-get" not in over.content.decode()


@pytest.mark.parametrize("rest", ["", "progress/", "failures.csv", "stop/"])
def test_job_is_for_those_with_the_right_in_its_portal(counting: Counting, rest: str) -> None:
    job = counting.ask()
    colleague = builders.make_user(counting.portal)
    without = builders.make_user(counting.portal, role=LrmRole.NONE, portal_admin=True)
    stranger = builders.make_user(builders.make_portal("Saltbush"), portal_admin=True)

    def status(user: User | None) -> int:
        client = builders.client_of(user)
        address = f"/jobs/{job.pk}/{rest}"
        answer = client.post(address) if rest == "stop/" else client.get(address)
        return answer.status_code

    assert status(without) == 403
    assert status(stranger) == 404
    assert status(None) == 302
    job.refresh_from_db()
    assert job.state == JobState.WAITING
    assert status(colleague) == (302 if rest == "stop/" else 200)


def test_refusal_says_what_the_job_is_for_and_who_may(counting: Counting) -> None:
    job = counting.ask()
    without = builders.make_user(counting.portal, role=LrmRole.NONE, portal_admin=True)

    said = page_of(without, job).content.decode()

    assert "Counting is for people who work with learners." in said
    assert str(counting.by) in said


def test_halving_finds_the_bad_ones_and_keeps_what_the_others_wrote(portal: Portal) -> None:
    rows = [f"user-{n}" for n in range(20)]

    def write(some: Any) -> int:
        for name in some:
            builders.make_user(portal, username=name)
        if {"user-3", "user-17"} & set(some):
            raise ValueError
        return len(some)

    with transaction.atomic():
        results, failed = halving.act(rows, write)

    assert sum(results) == 18
    assert [row for row, _ in failed] == ["user-3", "user-17"]
    assert portal.users.count() == 18
