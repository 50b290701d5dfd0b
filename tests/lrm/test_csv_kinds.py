"""CSV files as programs write them, and as they should not be: read, or refused in words."""

import codecs
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from lrm.door import bounded_uploads
from lrm.models import BatchJob, ImportedRow, Learner, LearnerImport, Portal
from tests.support import builders, neighbours
from tests.support.batch_jobs import work_on

TEXT = 'Number;Given name;Family name;Address\r\nL1;Zoë;O\u2019Brien;"1 Creek Road\r\nUnit “3”"\r\n'
STORED = ("L1", "Zoë", "O\u2019Brien", "1 Creek Road Unit “3”")


@pytest.fixture
def client(portal: Portal) -> Client:
    return builders.client_of(builders.make_user(portal))


def upload(client: Client, content: bytes) -> Any:
    return client.post("/learners/import/", {"file": SimpleUploadedFile("people.csv", content)})


def bring(client: Client, content: bytes) -> BatchJob:
    """Upload a file, confirm it, and let workers take their turns."""
    answer = upload(client, content)
    assert answer.status_code == 302, answer.context["problem"]
    client.post(f"{answer['Location']}confirm/")
    return work_on(BatchJob.objects.latest("id"))


def stored() -> list[tuple[str, str, str, str]]:
    rows = Learner.objects.exclude(portal__slug=neighbours.SLUG).order_by("number")
    return list(rows.values_list("number", "given_name", "family_name", "address_line"))


def wrong(client: Client, text: str) -> dict[str, str]:
    """Return what the preview says is wrong with the one row of a file."""
    answer = upload(client, text.encode())
    assert answer.status_code == 302, answer.context["problem"]
    row = ImportedRow.objects.get()
    LearnerImport.objects.all().delete()
    problems: dict[str, str] = row.problems
    return problems


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(TEXT.encode(), id="UTF-8"),
        pytest.param(codecs.BOM_UTF8 + TEXT.encode(), id="UTF-8 with a mark"),
        pytest.param(TEXT.encode("utf-16"), id="UTF-16"),
        pytest.param(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), id="UTF-16 big endian"),
        pytest.param(TEXT.encode("utf-16-le"), id="UTF-16 without a mark"),
        pytest.param(TEXT.encode("utf-16-be"), id="UTF-16 big endian without a mark"),
        pytest.param(TEXT.encode("cp1252"), id="Windows-1252"),
        pytest.param(codecs.BOM_UTF8 + TEXT.encode("cp1252"), id="Windows-1252 with a mark"),
        pytest.param(TEXT.replace(";", ",").encode(), id="commas"),
        pytest.param(TEXT.replace(";", "\t").encode("utf-16"), id="tabs, Unicode text of Excel"),
        pytest.param(b"sep=;\r\n" + TEXT.encode(), id="sep line"),
        pytest.param(codecs.BOM_UTF8 + b'"sep=;"\r\n' + TEXT.encode(), id="sep line with a mark"),
        pytest.param(b"\r\n;;;\r\n" + TEXT.encode(), id="blank rows before the headings"),
        pytest.param(TEXT.replace("\r\n", "\n").encode(), id="line feeds"),
        pytest.param(TEXT.replace("\r\n", "\r").encode(), id="carriage returns"),
        pytest.param(
            codecs.BOM_UTF8 + b'"Number";"Given name";' + TEXT.encode()[18:], id="quoted headings"
        ),
    ],
)
def test_file_is_read_whichever_program_wrote_it(client: Client, raw: bytes) -> None:
    bring(client, raw)

    assert stored() == [STORED]


def test_joined_files_have_marks_in_the_middle(client: Client) -> None:
    mark = "\ufeff"

    bring(client, f'{mark}Number,Family name\nL1,Kelly\n{mark}"L2",It{mark}o\n'.encode())

    assert [row[:3] for row in stored()] == [("L1", "", "Kelly"), ("L2", "", "Ito")]


@pytest.mark.parametrize(
    "headings",
    [
        "LEARNER NUMBER,GIVEN NAME,FAMILY NAME,ADDRESS",
        "learner_number,given_name,family_name,address_line",
        "Student ID,First Name,Surname,Street address",
        " Student no. , Forename , Last-Name , Address line 1 ",
    ],
)
def test_headings_are_understood_by_label_field_and_synonym(client: Client, headings: str) -> None:
    bring(client, f"{headings}\nL1,Mei,Kelly,1 Creek Road\n".encode())

    assert stored() == [("L1", "Mei", "Kelly", "1 Creek Road")]


def test_heading_with_a_character_that_cannot_be_kept_is_read_without_it(client: Client) -> None:
    bring(client, b"Learner number,Family\x00 name,Favourite\x00colour\nL1,Kelly,green\n")

    assert stored() == [("L1", "", "Kelly", "")]


@pytest.mark.parametrize(
    ("row", "field", "says"),
    [
        ("L1,Me\x00i,Kelly,", "given_name", "cannot be read"),
        ("L1,Me\ufffdi,Kelly,", "given_name", "cannot be read"),
        ("L1,Me\u202ei,Kelly,", "given_name", "cannot be seen"),
        ("L\\1,Mei,Kelly,", "number", "\\"),
        ("L<1>,Mei,Kelly,", "number", "<"),
        (f"{'L' * 51},Mei,Kelly,", "number", "50 characters"),
        (f"L1,Mei,{'K' * 256},", "family_name", "100 characters"),
        (f"L1,Mei,Kelly,{'x' * 201}", "address_line", "200 characters"),
        (",Mei,Kelly,", "number", "Enter a learner number"),
        ("L1,Mei,<>,", "family_name", "nothing else is left"),
        ("L1,Smith, John,Kelly,1 Creek Road", "", "5 cells"),
    ],
)
def test_wrong_row_says_its_column_and_the_reason(
    client: Client, row: str, field: str, says: str
) -> None:
    problems = wrong(client, f"Number,Given name,Family name,Address\n{row}\n")

    assert list(problems) == [field]
    assert says in problems[field]


@pytest.mark.parametrize(
    "name",
    [
        "=cmd|' /C calc'!A0",
        "+61 400 000 001",
        "-Ann",
        "@home",
        'Ann "Annie" & Co',
        "  Doubled   spaces ",
        "Zoë 🌻",
        "עדי",
        "'t Hooft",
        "<b>Ann</b>",
    ],
)
def test_name_is_kept_as_it_was_typed(client: Client, name: str) -> None:
    quoted = name.replace('"', '""')

    bring(client, f'Number,Given name,Family name\nL1,"{quoted}",Kelly\n'.encode())

    assert stored()[0][1] == " ".join(name.split())


def test_apostrophe_that_made_a_formula_harmless_is_taken_off_again(client: Client) -> None:
    bring(client, b"Number,Family name,Mobile\nL1,'=cmd,'+61 400 000 001\n")

    learner = Learner.objects.exclude(portal__slug=neighbours.SLUG).get()
    assert (learner.family_name, learner.mobile) == ("=cmd", "+61 400 000 001")


@pytest.fixture
def traced() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_two_million_rows_are_refused_without_growth_of_memory(
    client: Client, traced: None
) -> None:
    """Here the request itself stands in memory, as on no server: what grows beside it counts."""
    boundary = "made-up-boundary"
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="huge.csv"\r\n'
        "Content-Type: text/csv\r\n\r\n"
    ).encode()
    body = head + b"L1,Mei,Kelly,1 Creek Road\n" * 2_000_000 + f"\r\n--{boundary}--\r\n".encode()
    assert len(body) > 50_000_000
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()

    answer = client.generic(
        "POST", "/learners/import/", body, f"multipart/form-data; boundary={boundary}"
    )

    grown = tracemalloc.get_traced_memory()[1] - before
    assert answer.status_code == 422
    assert f"larger than {bounded_uploads.MOST_BYTES // 1_000_000} MB" in answer.content.decode()
    # Django's test client keeps a copy of the body in a file of memory.
    assert grown < len(body) + 15_000_000
    assert not LearnerImport.objects.exists()
