"""The API: bodies that are no request."""

import pytest

from lrm.models import Portal
from tests.support import builders, web_process
from tests.support.web_process import Web

RUNS = "/api/v1/sync-runs/"


@pytest.mark.parametrize(
    "body",
    [b"[" * 60_000, b'{"a":' * 12_000, b"1" * 5_000, b'{"date_from": 1e999}', b'"\\ud800"'],
    ids=["lists", "objects", "a long number", "infinity", "half a pair"],
)
@pytest.mark.parametrize("path", [RUNS, f"{RUNS}preview/"])
def test_body_is_refused_in_words_when_it_cannot_be_read(
    web: Web, portal: Portal, path: str, body: bytes
) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    headers = {**web_process.signed_in(admin), "Content-Type": "application/json"}

    answer = web.send("POST", path, body, headers)

    assert answer.status == 400, answer.text
    assert answer.headers.get_content_type() == "application/problem+json"


def test_body_is_refused_when_it_is_longer_than_anything_that_is_asked_for(
    web: Web, portal: Portal
) -> None:
    admin = builders.make_user(portal, portal_admin=True)
    headers = {**web_process.signed_in(admin), "Content-Type": "application/json"}

    answer = web.send("POST", RUNS, b" " * 100_000 + b"{}", headers)

    assert answer.status == 413, answer.text


def test_api_is_no_page_when_a_browser_asks_for_one(web: Web, portal: Portal) -> None:
    admin = builders.make_user(portal, portal_admin=True)

    answer = web.get(RUNS, admin, Accept="text/html")

    assert answer.headers.get_content_type() == "application/json"
    assert b"<" not in answer.body
