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


@pytest.mark.parametrize(
    "number",
    [
        "L\u200b1",
        "L\u28001",
        "L\ufe0f1",
        "L\u034f1",
        "L\u115f1",
        "L\u31641",
        "L\u202e1",
        "L\u00a01",
        "L\U000e00411",
        "\u0410\u0412\u04211",
        "L\u0410\u04121",
        "\u0391\u03921",
        "L\u055d\u04221",
        "L\uff11",
    ],
    ids=ascii,
)
def test_number_is_refused_when_it_is_another_than_it_looks(
    web: Web, portal: Portal, number: str
) -> None:
    user = builders.make_user(portal)

    answer = web.post(
        "/learners/new/", user, number=number, family_name="Made-Up", country="Australia"
    )

    assert answer.status == 422, answer.text
    assert "is-invalid" in answer.text
    assert not portal.learners.exists()


@pytest.mark.parametrize("number", ["L000123", "А-17/Б Я", "Ω-Δ4", "学-12", "É12", "ab 7"])  # noqa: RUF001 - Cyrillic on purpose
def test_number_is_taken_when_it_is_what_it_looks(web: Web, portal: Portal, number: str) -> None:
    user = builders.make_user(portal)

    answer = web.post(
        "/learners/new/", user, number=number, family_name="Made-Up", country="Australia"
    )

    assert answer.status == 302, answer.text
    assert portal.learners.get().number == number
