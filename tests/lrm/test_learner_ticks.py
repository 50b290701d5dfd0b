"""Sync to Xero set for many learners from the list, through the page as people have it."""

import re
from typing import Any

import pytest

from lrm.models import BatchJob, JobState, LearnerChange, LrmRole, Notice, Portal, User
from lrm.roster import bulk_ticks, learner_batches
from tests.support import builders
from tests.support.batch_jobs import work_on

TICK = "/learners/tick/"


def words_of(answer: Any) -> str:
    main = answer.content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def post(user: User | None, **fields: Any) -> Any:
    return builders.client_of(user).post(TICK, {"scope": "chosen", "set": "on", **fields})


def ticked(portal: Portal) -> set[int]:
    return set(portal.learners.filter(sync_to_xero=True).values_list("id", flat=True))


@pytest.fixture
def staff(portal: Portal) -> User:
    return builders.make_user(portal, first_name="Sam", last_name="Banksia")


def test_chosen_learners_are_ticked_after_a_look_at_what_would_happen(
    portal: Portal, staff: User
) -> None:
    one, two = (builders.make_learner(portal) for _ in range(2))
    already = builders.make_learner(portal, sync_to_xero=True)
    other = builders.make_learner(portal)
    chosen = [one.pk, two.pk, already.pk]

    asked = post(staff, learner=chosen)
    before = ticked(portal)
    done = builders.client_of(staff).post(
        TICK,
        {"scope": "chosen", "set": "on", "learner": chosen, "confirmed": "1"},
        follow=True,
    )

    assert "2 learners will have Sync to Xero turned on." in words_of(asked)
    assert "1 more has it so already" in words_of(asked)
    assert before == {already.pk}
    assert "Sync to Xero was turned on for 2 learners." in words_of(done)
    assert ticked(portal) == {one.pk, two.pk, already.pk}
    assert not other.changes.exists()
    audit = LearnerChange.objects.order_by("learner_id")
    assert [(c.learner_id, c.by, c.fields) for c in audit] == [
        (one.pk, staff, ["sync_to_xero"]),
        (two.pk, staff, ["sync_to_xero"]),
    ]


def test_all_that_match_are_those_of_the_search_and_the_filter(portal: Portal, staff: User) -> None:
    for n in range(60):
        builders.make_learner(portal, family_name="Wattle", sync_to_xero=n % 3 == 0)
    builders.make_learner(portal, family_name="Banksia", sync_to_xero=True)

    page = builders.client_of(staff).get("/learners/", {"q": "wattle", "sync": "on"})
    asked = post(staff, scope="all", set="off", q="wattle", sync="on")
    post(staff, scope="all", set="off", q="wattle", sync="on", confirmed="1")

    assert "All 20 that match" in words_of(page)
    assert "20 learners will have Sync to Xero turned off." in words_of(asked)
    assert [one.family_name for one in portal.learners.filter(sync_to_xero=True)] == ["Banksia"]


def test_many_are_done_in_the_background_with_progress_and_a_notice(
    portal: Portal, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_ticks, "AT_ONCE", 5)
    monkeypatch.setattr(learner_batches, "BATCH", 4)
    gone, *others = (builders.make_learner(portal) for _ in range(11))

    answer = post(staff, scope="all", confirmed="1")
    job = BatchJob.objects.get()
    gone.delete()
    work_on(job)

    assert answer["Location"] == f"/jobs/{job.pk}/"
    assert ticked(portal) == {one.pk for one in others}
    assert (job.state, job.done, job.changed, job.failed) == (JobState.DONE, 11, 10, 1)
    assert Notice.objects.get(user=staff).text == (
        "Sync to Xero was turned on for 10 learners. 1 could not be changed. See why."
    )
    assert "learner_ids" not in job.params
    said = words_of(builders.client_of(staff).get(f"/jobs/{job.pk}/"))
    assert "Turning Sync to Xero on for 11 learners" in said
    assert "This learner is not there any more." in said


def test_whoever_left_since_is_no_reason_to_stop(
    portal: Portal, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk_ticks, "AT_ONCE", 0)
    learner = builders.make_learner(portal)
    post(staff, scope="all", confirmed="1")
    staff.delete()

    job = work_on(BatchJob.objects.get())

    assert (job.state, job.by_name) == (JobState.DONE, "Sam Banksia")
    assert ticked(portal) == {learner.pk}


def test_nobody_chosen_is_said(portal: Portal, staff: User) -> None:
    builders.make_learner(portal)
    client = builders.client_of(staff)

    for fields in ({"set": "on"}, {"set": "on", "learner": ["x", "9" * 40]}, {"scope": "all"}):
        said = words_of(client.post(TICK, fields, follow=True))
        assert "Nobody was chosen." in said
    assert ticked(portal) == set()


def test_nothing_to_change_is_said(portal: Portal, staff: User) -> None:
    learner = builders.make_learner(portal, sync_to_xero=True)

    assert "all 1 have Sync to Xero on already" in words_of(post(staff, learner=[learner.pk]))


def test_boxes_of_a_page_are_all_ticked_without_script(portal: Portal, staff: User) -> None:
    for _ in range(3):
        builders.make_learner(portal)
    client = builders.client_of(staff)

    plain = client.get("/learners/").content.decode()
    link = re.search(r'href="\?([^"]*choose=page)"', plain)
    assert link is not None
    chosen = client.get(f"/learners/?{link[1].replace('&amp;', '&')}").content.decode()

    boxes = r'name="learner" value="\d+" [^>]*checked'
    assert (len(re.findall(boxes, plain)), len(re.findall(boxes, chosen))) == (0, 3)


def test_ticking_is_for_those_who_work_with_learners_of_the_portal(
    portal: Portal, staff: User
) -> None:
    learner = builders.make_learner(portal)
    without = builders.make_user(portal, role=LrmRole.NONE, portal_admin=True)
    stranger = builders.make_user(builders.make_portal("Saltbush"), portal_admin=True)
    wanted = {"learner": [learner.pk], "confirmed": "1"}

    refused = post(without, **wanted)
    assert refused.status_code == 403
    assert "Sam Banksia" in refused.content.decode()
    assert post(None, **wanted).status_code == 302
    post(stranger, **wanted)
    post(stranger, scope="all", confirmed="1")
    assert ticked(portal) == set()
    assert builders.client_of(staff).get(TICK).status_code == 405
