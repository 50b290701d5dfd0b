"""How every address of the API answers: problems, cursors, ETags, its description and its page."""

import base64
import json
import re
from typing import Any

import pytest
from django.test import Client, RequestFactory
from drf_spectacular.validation import validate_schema

from lrm.models import Portal, User
from lrm.rest import problems, schema
from tests.support import api_client, builders
from tests.support.api_client import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def user(portal: Portal) -> User:
    return builders.make_user(portal)


@pytest.fixture
def program(user: User) -> Program:
    return api_client.program_of(user)


def problem_of(answer: Any, status: int) -> dict[str, Any]:
    """Return a problem document, after it was held against what RFC 9457 asks."""
    assert answer.status_code == status, answer.content
    assert answer.headers["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["type"] == f"/api/#{problems.KINDS[status].name}"
    assert found["title"] == problems.KINDS[status].title
    assert found["detail"]
    return found


def test_refusals_are_problem_documents(program: Program, portal: Portal) -> None:
    nobody = Client()

    problem_of(nobody.get("/api/v1/learners/"), 401)
    assert "portal admins" in problem_of(program.get("sync-runs/"), 403)["detail"]
    problem_of(program.get("learners/999999/"), 404)
    problem_of(program.get("no-such-thing/"), 404)
    problem_of(program.get("/api/v9/learners/"), 404)
    problem_of(program.get("sync-runs/%0A/"), 404)
    problem_of(program.post("sync-runs/a%0Ab/resume/"), 404)
    problem_of(program.post("learners/"), 405)
    assert set(problem_of(program.get("learners/?limit=0"), 400)["errors"]) == {"limit"}


def test_fault_is_a_problem_for_programs_and_a_page_for_people() -> None:
    asked = RequestFactory()

    by_program = problems.server_error(asked.get("/api/v1/learners/"))
    by_person = problems.server_error(asked.get("/learners/"))

    assert json.loads(by_program.content)["type"] == "/api/#fault"
    assert by_program.headers["Content-Type"] == "application/problem+json"
    assert by_person.headers["Content-Type"].startswith("text/html")
    assert by_program.status_code == by_person.status_code == 500


@pytest.mark.parametrize("address", ["learners", "no-such-thing", "learners/1%0A"])
def test_address_without_its_slash_leads_to_the_one_with_it(address: str) -> None:
    answer = Client().get(f"/api/v1/{address}")

    assert answer.status_code == 301
    assert answer.headers["Location"] == f"/api/v1/{address}/"


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=201",
        "limit=ten",
        "limit=1e999",
        "limit=",
        "updated_since=yesterday",
        "updated_since=2026-02-31T00:00:00Z",
        "updated_since=9999-12-31T23:59:59-14:00",
        "updated_since=0001-01-01T00:00:00%2B14:00",
        "number=a%00b",
        "number=" + "x" * 51,
        "nummer=T1",
        "cursor=x",
        "cursor=%00",
        "cursor=" + "A" * 301,
        "number=%ED%A0%80",
    ],
)
def test_filter_is_refused_by_name_when_it_cannot_be(program: Program, query: str) -> None:
    answer = program.get(f"learners/?{query}")

    # What is no text at all is taken as text of its own, which no learner has.
    if "%ED" in query:
        assert answer.json()["results"] == []
        return
    assert list(problem_of(answer, 400)["errors"]) == [query.partition("=")[0]]


def cursor_of(*said: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "said",
    [
        (),
        ("learners",),
        ("learners", "1"),
        ("learners", -1),
        ("learners", 2**63),
        ("learners", True),
        ("learners", None),
        ("learners", 1, 2),
        ("contacts", 1),
        ("learners", {"a": [1]}),
    ],
)
def test_cursor_is_refused_when_it_is_none_of_the_list(program: Program, said: Any) -> None:
    answer = program.get(f"learners/?cursor={cursor_of(*said)}")

    assert "Take it from `next`" in problem_of(answer, 400)["errors"]["cursor"][0]


def test_list_has_each_learner_once_when_learners_change_and_come_meanwhile(
    program: Program, portal: Portal
) -> None:
    known = [builders.make_learner(portal) for _ in range(7)]
    first = program.get("learners/?limit=3").json()

    # Renamed so that they would move in any order of names, numbers or moments.
    for learner in known[:4]:
        learner.family_name, learner.number = "Aaa", f"zz{learner.number}"
        learner.save()
    known[5].delete()
    builders.make_learner(portal, number="0000")
    rest = program.read_to_the_end(first["next"])

    ids = [one["id"] for one in first["results"] + rest]
    stayed = {one.pk for one in known if one.pk}
    assert len(ids) == len(set(ids))
    assert stayed <= set(ids)


def test_next_keeps_the_filters(program: Program, portal: Portal) -> None:
    for _ in range(3):
        builders.make_learner(portal)

    following = program.get("learners/?limit=1&updated_since=2020-01-01T00:00:00Z").json()["next"]

    assert "updated_since=2020-01-01T00%3A00%3A00Z" in following
    assert "limit=1" in following


def test_answer_is_not_sent_again_when_nothing_changed(program: Program, portal: Portal) -> None:
    learner = builders.make_learner(portal)
    first = program.get("learners/")
    etag = first.headers["ETag"]

    again = program.get("learners/", If_None_Match=etag)
    among_others = program.get("learners/", If_None_Match=f'"other", {etag.removeprefix("W/")}')
    learner.given_name = "Rowan"
    learner.save()
    changed = program.get("learners/", If_None_Match=etag)

    assert (again.status_code, again.content) == (304, b"")
    assert among_others.status_code == 304
    assert again.headers["ETag"] == etag
    assert {"Authorization", "Cookie"} <= set(re.split(", ?", first.headers["Vary"]))
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_session_reads_and_needs_its_csrf_token_to_act(portal: Portal) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    careful = Client(enforce_csrf_checks=True)
    careful.force_login(admin)

    assert careful.get("/api/v1/sync-runs/").status_code == 200
    assert careful.post("/api/v1/sync-runs/").status_code == 403


def test_description_is_valid_and_open(client: Client) -> None:
    answer = client.get("/api/schema/")
    described = answer.json()

    validate_schema(described)  # type: ignore[no-untyped-call] # untyped package
    assert answer.headers["Content-Type"] == "application/json"
    for methods in described["paths"].values():
        for operation in methods.values():
            assert {"401", "403", "429"} <= set(operation["responses"])
            assert operation["summary"]


def test_page_to_read_shows_every_address_and_every_problem(user: User) -> None:
    page = builders.client_of(user).get("/api/").content.decode()

    for address, methods in schema.described()["paths"].items():
        assert f"<code>{address}</code>" in page
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
    for kind in problems.KINDS.values():
        assert f'id="{kind.name}"' in page
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=", page)
