"""Importing learners from CSV through the pages: upload, preview, confirm, workers' turns."""

import re
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from lrm import tasks
from lrm.door import bounded_uploads
from lrm.learner_imports import import_job, uploads
from lrm.models import (
    BatchJob,
    ImportedRow,
    JobState,
    LearnerChange,
    LearnerImport,
    LrmRole,
    Notice,
    Portal,
    User,
)
from tests.support import builders
from tests.support.batch_jobs import work_on

HEAD = "Learner number,Given name,Family name,E-mail"


def plain(html: str) -> str:
    """Return what the main part of a page says, in words."""
    main = html.partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


@dataclass
class Staff:
    """Somebody at a browser with a file."""

    portal: Portal
    user: User

    @property
    def client(self) -> Client:
        return builders.client_of(self.user)

    def upload(self, content: str | bytes, name: str = "people.csv") -> Any:
        raw = content.encode() if isinstance(content, str) else content
        return self.client.post(
            "/learners/import/", {"file": SimpleUploadedFile(name, raw)}, follow=True
        )

    def seen(self, content: str | bytes) -> str:
        """Upload a file, and return what the page after it says."""
        return plain(self.upload(content).content.decode())

    def confirm(self) -> BatchJob:
        kept = LearnerImport.objects.get()
        self.client.post(f"/learners/import/{kept.pk}/confirm/")
        return work_on(BatchJob.objects.latest("id"))

    def bring(self, content: str | bytes) -> BatchJob:
        """Upload a file, confirm it, and let workers take their turns."""
        answer = self.upload(content)
        assert answer.status_code == 200, plain(answer.content.decode())
        return self.confirm()

    def names(self) -> dict[str, str]:
        rows = self.portal.learners.order_by("number")
        return {one.number: one.full_name for one in rows}


@pytest.fixture
def staff(portal: Portal) -> Staff:
    return Staff(portal, builders.make_user(portal, first_name="Sam", last_name="Banksia"))


def test_file_is_shown_before_anything_is_changed_and_then_imported(staff: Staff) -> None:
    known = builders.make_learner(
        staff.portal, number="L2", given_name="Old", family_name="Name", mobile="0400"
    )
    same = builders.make_learner(
        staff.portal, number="L3", given_name="Ana", family_name="Same", email="a@example.com"
    )

    said = staff.seen(
        f"{HEAD},Favourite colour\n"
        "L1,Mei,Kelly,mei@example.com,green\n"
        "L2,New,Name,new@example.com,red\n"
        "L3,Ana,Same,a@example.com,\n"
        "L4,Bad,Address,no address,\n"
    )
    before = staff.names()
    job = staff.confirm()

    assert "New 1 Changed 1 As it is here 1 Not imported 1" in said
    assert "Import 2 learners" in said
    assert "Favourite colour Left out: this heading is not known" in said
    assert "Row 5 L4 Bad Address E-mail Enter an e-mail address" in said
    assert before == {"L2": "Old Name", "L3": "Ana Same"}
    assert staff.names() == {"L1": "Mei Kelly", "L2": "New Name", "L3": "Ana Same"}
    known.refresh_from_db()
    assert (known.mobile, known.email) == ("0400", "new@example.com")
    changes = LearnerChange.objects.exclude(learner=same).order_by("learner__number")
    assert [(c.by, c.created, sorted(c.fields)) for c in changes] == [
        (staff.user, True, []),
        (staff.user, False, ["email", "given_name"]),
    ]
    assert not same.changes.exists()
    assert (job.done, job.changed, job.failed) == (4, 2, 1)


def test_end_is_told_with_what_could_not_be_imported(staff: Staff) -> None:
    job = staff.bring(f"{HEAD}\nL1,Mei,Kelly,\nL2,,,\nL1,Twice,Named,\n")

    page = plain(staff.client.get(f"/jobs/{job.pk}/").content.decode())
    sheet = staff.client.get(f"/jobs/{job.pk}/failures.csv").content.decode()

    told = "1 learner added, 0 changed. 2 could not be imported."
    assert Notice.objects.get(user=staff.user).text == f"{told} See why."
    assert told in page
    assert "L2 3 Family name: Enter the family name." in page
    assert "L1 Twice Named 4 Number: Row 2 has this number too." in page.replace(
        "Learner number", "Number"
    )
    assert sheet.splitlines()[1].startswith("3,L2,")
    assert "Learner number,Given name,Family name,E-mail" in sheet.splitlines()[0]


def test_rows_that_failed_can_be_corrected_and_given_again(staff: Staff) -> None:
    job = staff.bring(f"{HEAD}\nL1,=Mei,,mei@example.com\n")
    sheet = staff.client.get(f"/jobs/{job.pk}/failures.csv").content

    staff.bring(sheet.replace(b"'=Mei,,", b"'=Mei,Kelly,"))

    assert staff.names() == {"L1": "=Mei Kelly"}


def test_uploaded_rows_are_deleted_once_they_are_learners(staff: Staff) -> None:
    staff.bring(f"{HEAD}\nL1,Mei,Kelly,\n")

    assert not LearnerImport.objects.exists()
    assert not ImportedRow.objects.exists()


def test_uploaded_rows_are_deleted_after_a_day_and_when_thrown_away(staff: Staff) -> None:
    staff.upload(f"{HEAD}\nL1,Mei,Kelly,\n")
    first = LearnerImport.objects.get()

    said = plain(
        staff.client.post(f"/learners/import/{first.pk}/discard/", follow=True).content.decode()
    )
    staff.upload(f"{HEAD}\nL1,Mei,Kelly,\n")
    tasks.tidy()
    kept = LearnerImport.objects.count()
    LearnerImport.objects.update(created_at=LearnerImport.objects.get().created_at - uploads.KEEP)
    tasks.tidy()

    assert "Nothing was imported." in said
    assert kept == 1
    assert not LearnerImport.objects.exists()
    assert not ImportedRow.objects.exists()
    assert staff.names() == {}


def test_second_click_on_import_leads_to_the_same_job(staff: Staff) -> None:
    staff.upload(f"{HEAD}\nL1,Mei,Kelly,\n")
    kept = LearnerImport.objects.get()

    answers = [staff.client.post(f"/learners/import/{kept.pk}/confirm/") for _ in range(2)]

    job = BatchJob.objects.get()
    assert [answer["Location"] for answer in answers] == [f"/jobs/{job.pk}/"] * 2
    again = staff.client.get(f"/learners/import/{kept.pk}/")
    assert again["Location"] == f"/jobs/{job.pk}/"
    assert "is under way" in staff.client.get("/learners/").content.decode()
    late = staff.client.post(f"/learners/import/{kept.pk}/discard/")
    assert late["Location"] == f"/jobs/{job.pk}/"
    assert LearnerImport.objects.exists()


def test_file_that_was_confirmed_meanwhile_is_not_thrown_away(staff: Staff) -> None:
    staff.upload(f"{HEAD}\nL1,Mei,Kelly,\n")
    kept = LearnerImport.objects.get()
    now = kept.created_at + uploads.KEEP * 2
    job = import_job.start(upload=kept, by=staff.user, now=kept.created_at)
    assert kept.job is None

    is_gone = uploads.discard(kept)
    gone_by_itself = uploads.discard_old(now=now)

    assert (is_gone, gone_by_itself) == (False, 0)
    assert ImportedRow.objects.count() == 1
    assert work_on(job).state == JobState.DONE
    assert staff.names() == {"L1": "Mei Kelly"}
    assert not LearnerImport.objects.exists()


def test_file_is_thrown_away_once_when_two_do_it(staff: Staff) -> None:
    staff.upload(f"{HEAD}\nL1,Mei,Kelly,\n")
    kept = LearnerImport.objects.get()

    assert [uploads.discard(kept) for _ in range(2)] == [True, False]


def test_stopped_import_deletes_the_rest_and_says_how_much_was_done(staff: Staff) -> None:
    staff.upload(f"{HEAD}\nL1,Mei,Kelly,\n")
    kept = LearnerImport.objects.get()
    staff.client.post(f"/learners/import/{kept.pk}/confirm/")
    job = BatchJob.objects.get()

    said = plain(staff.client.post(f"/jobs/{job.pk}/stop/", follow=True).content.decode())

    assert work_on(job).state == JobState.STOPPED
    assert "0 learners added, 0 changed." in said
    assert not LearnerImport.objects.exists()
    assert staff.names() == {}


def test_learner_added_or_deleted_meanwhile_is_looked_up_anew(staff: Staff) -> None:
    gone = builders.make_learner(staff.portal, number="L1")
    staff.upload("Learner number,Mobile\nL1,0401\n")
    gone.delete()
    job = staff.confirm()
    assert job.failures.get().reason == "Enter the family name."

    staff.upload(f"{HEAD}\nL2,Mei,Kelly,\n")
    come = builders.make_learner(staff.portal, number="L2")
    staff.confirm()

    come.refresh_from_db()
    assert come.full_name == "Mei Kelly"


def test_tick_is_read_where_there_is_a_column(staff: Staff) -> None:
    ticked = builders.make_learner(staff.portal, number="L9", sync_to_xero=True)

    said = staff.seen(
        f"{HEAD},Sync to Xero\nL1,A,A,,Yes\nL2,B,B,,\nL3,C,C,,NO\nL4,D,D,,perhaps\nL9,E,E,,\n"
    )
    staff.confirm()

    ticks = dict(staff.portal.learners.values_list("number", "sync_to_xero"))
    ticked.refresh_from_db()
    assert ticks == {"L1": True, "L2": False, "L3": False, "L9": True}
    assert "Row 5 L4 D D Sync to Xero Write yes or no." in said


def test_rows_are_unlike_the_headings_in_length(staff: Staff) -> None:
    builders.make_learner(staff.portal, number="L1", given_name="Mei", email="mei@example.com")

    said = staff.seen(f"{HEAD}\nL1,Anna\nL2,Ben,Ito,,,\nL3,Smith, John,Ito,x@example.com\n\n,,,\n")
    staff.confirm()

    learner = staff.portal.learners.get(number="L1")
    assert (learner.given_name, learner.email) == ("Anna", "mei@example.com")
    assert "L2" in staff.names()
    assert "This row has 5 cells, and there are 4 headings." in said
    assert "New 1 Changed 1 As it is here 0 Not imported 1" in said


def test_same_number_twice_counts_once_across_chunks(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "_CHUNK", 2)

    job = staff.bring(f"{HEAD}\nL1,First,Kelly,\nL2,B,B,\nL3,C,C,\n L1 ,Second,Kelly,\n")

    assert staff.names()["L1"] == "First Kelly"
    assert "Row 2 has this number too." in job.failures.get().reason


def test_old_fault_of_a_learner_does_not_keep_other_columns_out(staff: Staff) -> None:
    """Rules have become stricter: what was stored before them is not the file's fault."""
    builders.make_learner(staff.portal, number="L1", email="anna@localhost", family_name="<>")

    staff.bring("Learner number,Mobile\nL1,0401\n")

    assert staff.portal.learners.get(number="L1").mobile == "0401"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "The file is empty."),
        ("\n \n\n", "The file is empty."),
        (f"{HEAD}\n", "There are no learners in the file below its headings."),
        ("Colour,Shape\nred,round\n", "No column has the learner numbers."),
        ("Colour,Shape\nred,round\n", "“Colour”, “Shape”"),
        ("Number,E-mail,Mail\nL1,a@b.co,\n", "“E-mail” and “Mail” both mean the e-mail."),
        (b"PK\x03\x04workbook", "This is a workbook, not a CSV file."),
        (f'{HEAD}\nL1,"{"never closed " * 20000}\n', "never closed"),
        (b"Number,Name\xff\x81\n1,2\n", "Save it again as “CSV UTF-8”"),
        (b"\xff\xfeN\x00\x00", "Save it again as “CSV UTF-8”"),
        ("Number" + "," * 600_000 + "\n", "far too long for a row"),
        ("x" * 200_000 + "\n", "Row 1 cannot be read as CSV."),
        ("sep=\x00\nNumber\x00Name\nL1\x00Kelly\n", "No column has the learner numbers."),
    ],
)
def test_file_that_cannot_be_read_is_refused_with_the_reason(
    staff: Staff, content: str | bytes, says: str
) -> None:
    answer = staff.upload(content)

    assert answer.status_code == 422
    assert says in plain(answer.content.decode())
    assert not LearnerImport.objects.exists()


def test_more_rows_than_are_taken_are_refused_and_nothing_is_kept(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "MOST_ROWS", 30)
    rows = "".join(f"L{n},A,A,\n" for n in range(31))

    assert "more than 30 rows" in staff.seen(f"{HEAD}\n{rows}")
    assert not ImportedRow.objects.exists()


def test_file_that_is_too_large_is_thrown_away_while_it_arrives(
    staff: Staff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded_uploads, "MOST_BYTES", 3_000_000)
    big = f"{HEAD}\n".encode() + b"L1,A,A,\n" * 500_000

    answer = staff.upload(big)

    assert answer.status_code == 422
    assert "The file is larger than 3 MB." in plain(answer.content.decode())


def test_nothing_chosen_is_said(staff: Staff) -> None:
    answer = staff.client.post("/learners/import/", {})

    assert answer.status_code == 422
    assert "Choose a file first." in answer.content.decode()


def test_template_has_the_headings_that_are_understood(staff: Staff) -> None:
    sheet = staff.client.get("/learners/import/template.csv").content

    said = staff.seen(sheet + b"L1,Mei,,,,,,,,,,\n")

    assert "Left out" not in said
    assert "Family name" in said


def test_markup_in_a_file_is_shown_as_text(staff: Staff) -> None:
    page = staff.upload(f"{HEAD},<b>x</b>\nL1,<script>x</script>,<i>,\n").content.decode()

    assert "<script>x" not in page
    assert "<b>x" not in page


@pytest.mark.parametrize("act", ["", "confirm/", "discard/"])
def test_import_is_for_those_who_work_with_learners_of_its_portal(staff: Staff, act: str) -> None:
    staff.upload(f"{HEAD}\nL1,Mei,Kelly,\n")
    address = f"/learners/import/{LearnerImport.objects.get().pk}/{act}"
    without = builders.make_user(staff.portal, role=LrmRole.NONE, portal_admin=True)
    stranger = builders.make_user(builders.make_portal("Saltbush"), portal_admin=True)

    def answer(user: User | None) -> Any:
        client = builders.client_of(user)
        return client.post(address) if act else client.get(address)

    refused = answer(without)
    assert refused.status_code == 403
    assert "Sam Banksia" in refused.content.decode()
    assert answer(stranger).status_code == 404
    assert answer(None).status_code == 302
    assert LearnerImport.objects.filter(job=None).exists()
    assert not BatchJob.objects.exists()
    assert answer(builders.make_user(staff.portal)).status_code == (302 if act else 200)


def test_numbers_of_another_portal_are_new_here(staff: Staff) -> None:
    theirs = builders.make_learner(builders.make_portal("Saltbush"), number="L1", given_name="Old")

    staff.bring(f"{HEAD}\nL1,Mei,Kelly,\n")

    theirs.refresh_from_db()
    assert theirs.given_name == "Old"
    assert staff.names() == {"L1": "Mei Kelly"}


def test_row_that_breaks_a_listener_stops_none_of_the_others(staff: Staff) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_l7() RETURNS trigger AS $$ BEGIN IF NEW.number = 'L7' THEN"
            " RAISE 'broken on purpose'; END IF; RETURN NEW; END $$ LANGUAGE plpgsql;"
            "CREATE TRIGGER refuse_l7 BEFORE INSERT ON lrm_learner FOR EACH ROW"
            " EXECUTE FUNCTION refuse_l7()"
        )
    rows = "".join(f"L{n},A,A,\n" for n in range(20))

    job = staff.bring(f"{HEAD}\n{rows}")

    assert len(staff.names()) == 19
    assert (job.state, job.changed, job.failed) == (JobState.DONE, 19, 1)
    assert "an error on our side" in job.failures.get().reason
