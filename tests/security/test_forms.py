"""Forms: bodies that are no form, and addresses that lead elsewhere."""

import pytest

from lrm.models import Portal
from tests.support import builders, web_process
from tests.support.web_process import Web


@pytest.mark.parametrize(
    "target",
    [
        "http://[",
        "/\x00",
        "/a\r\nSet-Cookie: x=1",
        "/" + "x" * 20_000,
        "///evil.example",
        "x",
        "job",
    ],
    ids=["half an address", "a null", "a line break", "very long", "slashes", "a word", "a name"],
)
def test_read_notices_lead_to_a_page_when_the_next_one_is_odd(
    web: Web, portal: Portal, target: str
) -> None:
    user = builders.make_user(portal)

    answer = web.post("/notices/read/", user, next=target)

    assert answer.status == 302, answer.text
    assert (answer.headers["Location"] or "").startswith("/")
    assert "evil" not in answer.headers["Location"]
    assert "Set-Cookie: x" not in str(answer.headers)


@pytest.mark.parametrize("charset", ["utf-7", "rot13", "hex", "utf-16", "no-such"])
@pytest.mark.parametrize("path", ["/sign-in/", "/learners/new/", "/notices/read/?q=%FF"])
def test_form_is_read_as_utf_8_when_it_says_that_it_is_something_else(
    web: Web, portal: Portal, charset: str, path: str
) -> None:
    user = builders.make_user(portal)
    kind = f"application/x-www-form-urlencoded; charset={charset}"

    answer = web.send(
        "POST", path, "number=x", {**web_process.signed_in(user), "Content-Type": kind}
    )

    assert answer.status < 500, answer.text
