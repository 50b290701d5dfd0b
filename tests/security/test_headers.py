"""Answers: what each says to the browser, and what is refused at the door."""

import re

import pytest

from lrm.door.response_headers import PERMISSIONS_POLICY
from lrm.models import Portal
from tests.support import builders, web_process
from tests.support.web_process import Web

# A page, a file, JSON, a redirect, refusals, and what is not there.
KINDS = [
    "/",
    "/sign-in/",
    "/static/lrm/lrm.css",
    "/healthz",
    "/readyz",
    "/reports/0442.csv",
    "/reports/0442.xlsx",
    "/api/v1/sync-runs/",
    "/learners/import/template.csv",
    "/nowhere/",
    "/learners/999999/",
    "/webhooks/xero/",
    "/notices/read/",
]


def rules_of(policy: str) -> dict[str, list[str]]:
    """Return the rules of a Content-Security-Policy."""
    return {name: values for name, *values in (rule.split() for rule in policy.split(";"))}


@pytest.mark.parametrize("path", KINDS)
def test_answer_says_what_may_run_when_it_is_of_any_kind(
    web: Web, portal: Portal, path: str
) -> None:
    manager = builders.make_user(portal, portal_admin=True, accounts=True)

    answer = web.get(path, manager)

    rules = rules_of(answer.headers["Content-Security-Policy"])
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == rules["style-src"] == ["'self'"]
    assert rules["frame-ancestors"] == rules["base-uri"] == ["'none'"]
    assert answer.headers["Permissions-Policy"] == PERMISSIONS_POLICY
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=31536000; include")
    assert ("no-store" in answer.headers["Cache-Control"]) != path.startswith("/static/")


def test_consent_page_is_a_target_of_forms_when_it_is_xeros(
    web: Web, portal: Portal, simulator_url: str
) -> None:
    policy = web.get("/sign-in/").headers["Content-Security-Policy"]

    assert rules_of(policy)["form-action"] == ["'self'", simulator_url]


@pytest.mark.parametrize("method", ["TRACE", "PUT", "PATCH", "DELETE", "CONNECT", "BREW"])
def test_method_is_refused_when_no_page_takes_it(web: Web, portal: Portal, method: str) -> None:
    manager = builders.make_user(portal, portal_admin=True)

    answers = [
        web.send(method, path, headers=web_process.signed_in(manager))
        for path in ("/", "/sign-in/", "/api/v1/sync-runs/", "/webhooks/xero/", "/healthz")
    ]

    assert {answer.status for answer in answers} <= {400, 405}
    assert not any("Cookie" in answer.text for answer in answers)


@pytest.mark.parametrize("path", ["/api/v1/sync-runs/", "/webhooks/xero/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_program_is_refused_and_not_redirected_when_it_comes_plainly(
    web: Web, path: str, method: str
) -> None:
    answer = web.send(method, path, b"", {"X-Forwarded-Proto": "http"})

    assert answer.status == 403
    assert answer.headers["Location"] is None


def test_cookies_belong_to_this_host_alone_when_it_is_https(web: Web, portal: Portal) -> None:
    user = builders.make_user(portal)
    page = web.get("/sign-in/")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert token is not None

    answer = web.post("/sign-in/", username=user.username, password=builders.PASSWORD)

    set_cookies = [
        *(page.headers.get_all("Set-Cookie") or []),
        *(answer.headers.get_all("Set-Cookie") or []),
    ]
    assert answer.status == 302, answer.text
    assert {cookie.split("=")[0] for cookie in set_cookies} == {
        "__Host-csrftoken",
        "__Host-sessionid",
    }
    assert all("Secure" in c and "Path=/" in c and "Domain" not in c for c in set_cookies)
    assert all("SameSite=Lax" in cookie for cookie in set_cookies)
    assert all("HttpOnly" in cookie for cookie in set_cookies if "sessionid" in cookie)


def test_pages_are_not_kept_in_the_browser_when_htmx_goes_through_them(
    web: Web, portal: Portal
) -> None:
    page = web.get("/", builders.make_user(portal)).text

    assert '"historyCacheSize": 0' in page
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=|\shx-on", page)
