"""What a learner's details must be like, field by field, whoever writes them."""

from typing import Any

import pytest

from lrm.models import Portal
from lrm.roster import learner_fields, learners
from tests.support import builders


def problems(**fields: Any) -> dict[str, str]:
    typed = {"number": "L000123", "given_name": "Robin", "family_name": "Wattle"} | fields
    return learner_fields.problems_of(learners.LearnerDetails(**typed))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("number", "", "Enter a learner number"),
        ("number", "  ", "Enter a learner number"),
        ("number", "L" * 51, "At most 50 characters fit here; this has 51."),
        # Each of these is two characters to Xero.
        ("number", "\N{GRADUATION CAP}" * 26, "At most 50 characters fit here; this has 52."),
        ("number", "A\\7", "Xero cannot take \\ in a number"),
        ("number", "A<7", "Xero cannot take < in a number"),
        ("number", "A>7", "Xero cannot take > in a number"),
        ("number", "A\u200b7", "cannot be seen (zero width space)"),
        ("number", "\ufeffA7", "cannot be seen (zero width no-break space)"),
        ("number", "A\u200d7", "cannot be seen (zero width joiner)"),
        ("number", "A\u00a07", "plain spaces only, and this has a no-break space"),
        ("number", "A\t7", "plain spaces only, and this has a u+0009"),
        ("number", "A\uff17", "(fullwidth digit seven) looks like 7"),
        ("number", "A\u2170", "(small roman numeral one) looks like i"),
        ("number", "E\u03017", "An accent in this number"),
        ("number", "L\u0410\u0030", "is a cyrillic capital letter a, beside Latin letters"),
        ("number", "A\x007", "cannot be seen (u+0000)"),
        ("number", "A\ud8007", "cannot be seen (u+d800)"),
        ("given_name", "a" * 101, "At most 100 characters fit here; this has 101."),
        ("given_name", "<>", "Xero takes no < and >"),
        ("given_name", "Ro\u202ebin", "cannot be seen (right-to-left override)"),
        ("given_name", "Ro\x07bin", "cannot be seen (u+0007)"),
        ("family_name", "", "Enter the family name."),
        ("family_name", " < > ", "Xero takes no < and >"),
        ("family_name", "\u200b", "cannot be seen (zero width space)"),
        ("email", "robin at example", "Enter an e-mail address such as"),
        ("email", "robin@localhost", "Enter an e-mail address such as"),
        ("email", '"ro bin"@example.com', "Enter an e-mail address such as"),
        ("email", "robin@[127.0.0.1]", "Enter an e-mail address such as"),
        ("email", "Robin <robin@example.com>", "Enter an e-mail address such as"),
        ("email", "j\u00fcrgen@example.com", "no accents"),
        ("email", "robin@ex\u00e4mple.com", "no accents"),
        ("email", f"{'r' * 244}@example.com", "At most 255 characters fit here; this has 256."),
        ("phone", "0" * 31, "At most 30 characters fit here; this has 31."),
        ("city", "Dub\x00bo", "cannot be seen (u+0000)"),
        ("country", "A" * 51, "At most 50 characters fit here; this has 51."),
    ],
)
def test_what_xero_cannot_take_is_told_at_its_field(field: str, value: str, words: str) -> None:
    found = problems(**{field: value})

    assert list(found) == [field]
    assert words in found[field]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"number": "  L1  "},
        {"number": "L   1"},
        {"number": "\u00a0L1\u00a0"},
        {"number": "L" * 50},
        {"number": 'O\'Hara & "Sons" / 7+7%#?=1 (b), [c]'},
        {"number": "\u00dc-7"},
        {"number": "\u0416-7"},
        {"number": "\u0661\u0662"},
        {"given_name": "", "email": ""},
        {"given_name": "Ro<b>in", "family_name": "<Wattle>"},
        {"given_name": "\N{GRADUATION CAP}" * 50},
        {"given_name": "\U0001f469\u200d\U0001f393", "family_name": "\u05db\u05d4\u05df\u200f"},
        {"given_name": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"},
        {"family_name": "a" * 100, "given_name": "b" * 100},
        {"family_name": 'Back\\slash & "Sons"'},
        {"family_name": "  Mary \t Ann "},
        {"email": " robin+a.b'c@mail.example.com "},
    ],
)
def test_what_xero_takes_is_no_problem(fields: dict[str, str]) -> None:
    assert problems(**fields) == {}


def test_every_wrong_field_is_told_at_once() -> None:
    assert list(problems(number="A\\7", email="robin", city="c" * 101)) == [
        "city",
        "number",
        "email",
    ]


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"number": "A\\7"}, "number", "Xero cannot take \\ in a number."),
        ({"number": "A\u00a07"}, "number", "A number has plain spaces only"),
        ({"number": "A\uff17"}, "number", "looks like 7"),
        ({"email": "robin@localhost"}, "email", "Enter an e-mail address such as"),
        ({"family_name": "<>"}, "family_name", "Xero takes no &lt; and &gt;"),
    ],
)
def test_form_says_the_reason_at_the_field_and_stores_nothing(
    portal: Portal, fields: dict[str, str], field: str, message: str
) -> None:
    client = builders.client_of(builders.make_user(portal))
    typed = {"number": "L000123", "given_name": "Robin", "family_name": "Wattle"} | fields

    response = client.post("/learners/new/", typed)

    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert message in response.content.decode()
    assert not portal.learners.exists()


def test_browser_does_not_cut_a_number_that_is_too_long(portal: Portal) -> None:
    page = builders.client_of(builders.make_user(portal)).get("/learners/new/").content.decode()

    field = page[page.index('name="number"') :].partition(">")[0]

    assert "maxlength" not in field
    assert 'maxlength="100"' in page
