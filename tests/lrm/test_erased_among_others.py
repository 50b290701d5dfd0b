"""Export and erasure of one learner: all of their rows and notices, and none of anybody else's."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lrm import notices
from lrm.models import BatchJob, ImportedRow, JobFailure, Learner, LearnerImport, Notice, Portal
from tests.support import builders
from tests.support.batch_jobs import work_on
from xero_sync.models import ContactPush, PushState

FAMILY = "family@example.com"
HEAD = "Student no,Given name,Family name,E-mail,Postcode"


@pytest.fixture
def li(portal: Portal) -> Learner:
    """Return a learner whose number is somebody's postcode, and whose name is in longer ones."""
    return builders.make_learner(
        portal, number="2000", given_name="", family_name="Li", email=FAMILY
    )


@pytest.fixture
def client(portal: Portal) -> Client:
    return builders.client_of(builders.make_user(portal, portal_admin=True))


def upload(client: Client, *rows: str) -> LearnerImport:
    content = "\n".join([HEAD, *rows, ""]).encode()
    answer = client.post("/learners/import/", {"file": SimpleUploadedFile("x.csv", content)})
    assert answer.status_code == 302, answer.context["problem"]
    return LearnerImport.objects.latest("pk")


def bring(client: Client, kept: LearnerImport) -> BatchJob:
    """Confirm a file, and let workers take their turns."""
    client.post(f"/learners/import/{kept.pk}/confirm/")
    return work_on(BatchJob.objects.latest("pk"))


def exported(client: Client, learner: Learner) -> dict[str, Any]:
    answer = client.post(f"/learners/{learner.pk}/personal-data/export/")
    held: dict[str, Any] = answer.json()
    return held


def erase(client: Client, learner: Learner) -> None:
    path = f"/learners/{learner.pk}/personal-data/erase/"
    assert client.post(path, {"number": learner.number}).status_code == 302


def failed_names() -> list[str]:
    return list(JobFailure.objects.order_by("pk").values_list("name", flat=True))


def test_rows_of_others_that_look_alike_are_neither_given_out_nor_erased(
    client: Client, portal: Portal, li: Learner
) -> None:
    bring(client, upload(client, f"L9,Lisa,Ray,{FAMILY} or so,2000", "2001,Li,,,2000"))
    waiting = upload(client, "L7,Lisa,Ray,lisa@example.com,2000", f"L8,Ana,Li,{FAMILY},3000")

    held = exported(client, li)["batch_jobs"]
    erase(client, li)

    assert held == {"imported_rows": [], "failed_rows": []}
    assert failed_names() == ["L9 Lisa Ray", "2001 Li"]
    assert ImportedRow.objects.count() == 2
    bring(client, waiting)
    assert set(portal.learners.values_list("number", flat=True)) == {"L7", "L8"}


def test_rows_of_their_own_are_given_out_and_erased(client: Client, li: Learner) -> None:
    bring(
        client,
        upload(
            client,
            "2000,,Li,no address,2000",
            # Mistyped, but the same person: nobody has that number.
            f"2OOO\\,,Li,{FAMILY.upper()},",
        ),
    )
    job = BatchJob.objects.get()
    JobFailure.objects.create(job=job, name="Li (2000)", reason="It is not here any more.")
    JobFailure.objects.create(job=job, name="Lisa Li (2000)", reason="It is not here any more.")
    upload(client, "2000,,Li,,4000", "L7,Lisa,Ray,,2000")

    held = exported(client, li)["batch_jobs"]
    erase(client, li)

    assert [row["values"]["postal_code"] for row in held["imported_rows"]] == ["4000"]
    assert [row["name"] for row in held["failed_rows"]] == ["2000 Li", "2OOO\\ Li", "Li (2000)"]
    assert failed_names() == ["Lisa Li (2000)"]
    assert [row.values["number"] for row in ImportedRow.objects.all()] == ["L7"]


def test_row_of_a_namesake_at_the_same_address_stays_theirs(
    client: Client, portal: Portal, li: Learner
) -> None:
    builders.make_learner(portal, number="L5", given_name="", family_name="Li", email=FAMILY)
    bring(client, upload(client, f"L5,,Li,{FAMILY},{'2' * 50}"))

    held = exported(client, li)["batch_jobs"]
    erase(client, li)

    assert held["failed_rows"] == []
    assert failed_names() == ["L5 Li"]


def test_notices_of_others_stay_and_name_nobody_who_was_erased(
    client: Client, portal: Portal
) -> None:
    staff = builders.make_user(portal, first_name="Al", last_name="Ray")
    al, val = (
        builders.make_learner(portal, number=number, given_name=name, family_name=family)
        for number, name, family in (("L1", "Al", "Ray"), ("L2", "Val", "Rayner"))
    )
    own = [f"{al} could not be sent to Xero: why not", "Was Al Ray-Old (L0) before"]
    notices.notify(users=[staff], text=own[0])
    notices.notify(users=[staff], text=own[1], url=f"/learners/{al.pk}/")
    others = [f"{val} could not be sent to Xero", "Cancelled by Al Ray", f"D'{al} was refused"]
    for text in others:
        notices.notify(users=[staff], text=text)
    notices.notify(
        users=[staff],
        text=f"{val} could not be sent to Xero: the number is on the contact of {al}.",
        url=f"/learners/{val.pk}/",
    )

    held = exported(client, al)["lrm"]["notices"]
    erase(client, al)

    assert {notice["text"] for notice in held} == set(own)
    assert list(Notice.objects.order_by("pk").values_list("text", flat=True)) == [
        *others,
        f"{val} could not be sent to Xero: the number is on the contact of another learner.",
    ]


def test_pushes_that_wait_go_on_to_name_those_who_are_still_here(
    client: Client, portal: Portal, li: Learner
) -> None:
    builders.make_learner(portal, number="L5", given_name="", family_name="Li", email="")
    named = ["Ana Li (L8)", "Li (L5)", "Li (2000)", "Li (1999)"]
    for at, who in enumerate(named):
        waits = builders.make_learner(portal, number=f"W{at}")
        problem = f"In Xero the number is on the contact of {who}. Tick Sync to Xero for {who}."
        ContactPush.objects.create(
            learner=waits, state=PushState.REFUSED, problem=problem, requested_at=waits.created_at
        )

    erase(client, li)

    said = ContactPush.objects.order_by("pk").values_list("problem", flat=True)
    expected = [*named[:2], "another learner", "another learner"]
    assert list(said) == [
        f"In Xero the number is on the contact of {who}. Tick Sync to Xero for {who}."
        for who in expected
    ]
