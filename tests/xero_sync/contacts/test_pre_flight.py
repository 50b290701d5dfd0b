"""What a learner lacks before it goes to Xero, and where that is said."""

import re
from collections import Counter
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from connected_apps.models import Organisation
from lrm.models import Learner, LrmRole, Portal
from tests.support import builders, document_builders
from xero_sync.contacts import gaps, pre_flight

WHOLE = {
    "number": "L1",
    "given_name": "Mei",
    "family_name": "Kelly",
    "email": "mei@example.com",
    "region": "NSW",
    "postal_code": "2830",
    "country": "Australia",
}


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({}, []),
        ({"email": ""}, ["an e-mail address"]),
        ({"region": " "}, ["the state"]),
        ({"postal_code": ""}, ["the postcode"]),
        ({"postal_code": "283"}, ["a postcode of four digits"]),
        ({"postal_code": "\uff12\uff18\uff13\uff10"}, ["a postcode of four digits"]),
        ({"postal_code": "\u0662\u0668\u0663\u0660"}, ["a postcode of four digits"]),
        ({"region": "", "postal_code": "", "country": ""}, ["the state", "the postcode"]),
        ({"region": "", "postal_code": "", "country": "AUSTRALIA"}, ["the state", "the postcode"]),
        ({"region": "", "postal_code": "", "country": "New Zealand"}, []),
        ({"given_name": ""}, []),
    ],
)
def test_what_invoices_need_is_told_and_blocks_nothing(
    fields: dict[str, str], missing: list[str]
) -> None:
    found = pre_flight.missing(Learner(**{**WHOLE, **fields}))

    assert [each.words for each in found] == missing
    assert not any(each.blocks for each in found)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"family_name": ""}, "family_name"),
        ({"number": "A\\7"}, "number"),
        ({"email": "mei at example"}, "email"),
    ],
)
def test_what_xero_refuses_blocks(fields: dict[str, str], field: str) -> None:
    found = pre_flight.missing(Learner(**{**WHOLE, **fields}))

    assert [(each.field, each.blocks) for each in found] == [(field, True)]


def test_it_asks_no_database(django_assert_num_queries: DjangoAssertNumQueries, db: None) -> None:
    with django_assert_num_queries(0):
        pre_flight.missing(Learner(**{**WHOLE, "email": ""}))


def page_of(portal: Portal, learner: Learner, **user: Any) -> str:
    client = builders.client_of(builders.make_user(portal, **user))
    answer = client.get(f"/learners/{learner.pk}/")
    return re.sub(r"\s+", " ", answer.content.decode())


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    return document_builders.make_organisation(portal)


def test_learners_page_says_what_xero_will_not_have(
    portal: Portal, organisation: Organisation
) -> None:
    fields: dict[str, Any] = {**WHOLE, "email": "", "region": "", "postal_code": ""}
    learner = builders.make_learner(portal, **fields, sync_to_xero=True)

    page = page_of(portal, learner)

    words = "Xero will not have an e-mail address, the state and the postcode of Mei Kelly"
    assert words in page
    assert f'href="/learners/{learner.pk}/edit/"' in page


def test_learners_page_says_what_xero_cannot_take(
    portal: Portal, organisation: Organisation
) -> None:
    learner = builders.make_learner(portal, **{**WHOLE, "number": "A\\7"}, sync_to_xero=True)

    page = page_of(portal, learner)

    assert "Xero cannot take Mei Kelly as it is: Xero cannot take \\ in a number." in page


def test_nothing_is_said_of_a_learner_who_does_not_go_or_lacks_nothing(portal: Portal) -> None:
    lacking = {**WHOLE, "email": ""}
    unconnected = builders.make_learner(portal, **lacking, sync_to_xero=True)
    assert "Xero will not have" not in page_of(portal, unconnected)
    document_builders.make_organisation(portal)
    unticked = builders.make_learner(portal, **{**lacking, "number": "L2"})
    whole = builders.make_learner(portal, **{**WHOLE, "number": "L3"}, sync_to_xero=True)

    for learner in (unticked, whole):
        assert "Xero will not have" not in page_of(portal, learner)
    assert "Xero will not have" not in page_of(portal, unconnected, role=LrmRole.NONE)


ODD: list[dict[str, str]] = [
    {},
    {"email": ""},
    {"email": " "},
    {"region": "\u00a0", "postal_code": "\u2003"},
    {"postal_code": "283"},
    {"postal_code": "28300"},
    {"postal_code": "\uff12\uff18\uff13\uff10"},
    {"postal_code": " 2830 "},
    {"region": "", "postal_code": "", "country": ""},
    {"region": "", "postal_code": "", "country": " australia"},
    {"region": "", "postal_code": "", "country": "New Zealand"},
    {"number": "A\\7", "family_name": "", "email": ""},
    {"email": "mei at example"},
    {"family_name": "عائشة", "given_name": "🙂"},
]


def test_many_are_counted_by_the_rule_for_one(portal: Portal) -> None:
    for at, fields in enumerate(ODD):
        details = {**WHOLE, "number": f"N{at}", **fields}
        builders.make_learner(portal, **details, sync_to_xero=True)
    builders.make_learner(portal, **{**WHOLE, "number": "U1", "email": ""})

    counted = {words: count for count, words in gaps.counts(portal)}

    expected: Counter[str] = Counter()
    for learner in portal.learners.filter(sync_to_xero=True):
        expected.update({each.of_many for each in pre_flight.missing(learner)})
    assert counted == expected
    assert counted["no e-mail address, so Xero cannot send them invoices"] == 3
    assert counted["no state"] == 3
    assert counted["no postcode"] == 3
    assert counted["something that Xero does not take; their pages say what"] == 2
    assert gaps.counts(portal, ticked=False) == [
        (1, "no e-mail address, so Xero cannot send them invoices")
    ]


def test_counting_many_is_one_query(
    portal: Portal, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    builders.make_learner(portal, **{**WHOLE, "email": ""}, sync_to_xero=True)

    with django_assert_num_queries(1):
        assert gaps.counts(portal)
