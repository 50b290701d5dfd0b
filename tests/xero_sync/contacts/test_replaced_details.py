"""What people are told that a start would replace in Xero, and what it then does replace there."""

from typing import Any

import pytest

from tests.support import builders, page_reading, resyncs
from tests.support.dry_run_cast import ALL, Cast, foretell_and_start
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked
from xero_sync.contacts.dry_run import Fate
from xero_sync.models import RunState

PAGE = "/settings/connected-apps/xero/contacts/start/"
NAMES: dict[str, Any] = {"given_name": "Made", "family_name": "Up"}
CITED = "Côte d'Ivoire"
IN_PARTS = {"kind": "DEFAULT", "number": "5550 1003", "area": "02", "country": "61"}


@pytest.fixture
def cast(unstarted: Linked) -> Cast:
    """Let nothing but what a test does change anything."""
    unstarted.world.do("webhooks", enabled=False)
    return Cast(unstarted)


def street(**parts: str) -> dict[str, str]:
    return {"kind": "STREET", "line1": "1 Old Road", "city": "Dubbo", **parts}


@pytest.mark.parametrize(
    ("theirs", "ours", "changes"),
    [
        # Xero has it already, in its own words, or has nothing to lose.
        ({"phones": [IN_PARTS]}, {"phone": "61 2 5550 1003"}, ()),
        ({"phones": [IN_PARTS]}, {"phone": ""}, ()),
        ({"phones": [IN_PARTS]}, {"address_line": "9 New Street"}, ()),
        ({"address": street()}, {"region": "NSW"}, ()),
        ({"address": street(country=CITED)}, {"city": "Dubbo", "country": CITED}, ()),
        ({"address": street(country="Cote d Ivoire")}, {"city": "Dubbo", "country": CITED}, ()),
        # Xero has something else.
        ({"phones": [IN_PARTS]}, {"phone": "61 04 5550 0003"}, ("phone",)),
        ({"phones": [IN_PARTS]}, {"phone": "5550 1004"}, ("phone",)),
        ({"address": street()}, {"address_line": "9 New Street"}, ("address",)),
        ({"given_name": "Mad", "family_name": "Up"}, {}, ("given name",)),
        (
            {"phones": [IN_PARTS], "email": "old@example.com"},
            {"phone": "02 5550 7777"},
            ("e-mail", "phone"),
        ),
    ],
)
def test_start_replaces_what_was_foretold(
    cast: Cast, theirs: dict[str, Any], ours: dict[str, Any], changes: tuple[str, ...]
) -> None:
    cast.learner(
        "one",
        Fate.CHANGED if changes else Fate.SAME,
        contact=ALL,
        **NAMES,
        **{"country": "", **ours},
    )
    (contact_id,) = cast.contacts.values()
    cast.linked.world.do(
        "contacts", tenant=cast.linked.tenant, act="update", id=contact_id, **theirs
    )
    cast.linked.sweep()

    found = foretell_and_start(cast)

    assert [one.changes for one in found.outcomes] == [changes]


def test_phone_that_is_replaced_is_the_learners_own_and_nothing_beside_it(cast: Cast) -> None:
    """A number with a country's code was sent beside the area code of the old one."""
    learner = cast.learner("one", Fate.CHANGED, contact=ALL, **NAMES, phone="61 04 5550 0003")
    (contact_id,) = cast.contacts.values()
    cast.linked.world.do(
        "contacts", tenant=cast.linked.tenant, act="update", id=contact_id, phones=[IN_PARTS]
    )
    cast.linked.sweep()

    foretell_and_start(cast)

    (contact,) = contacts_numbered(cast.linked, learner.number)
    assert contact["phone"] == "61 04 5550 0003"


def test_page_says_of_how_many_contacts_what_would_be_replaced(cast: Cast) -> None:
    for phone in ("02 5550 7777", "02 5550 8888", "02 5550 1003"):
        learner = cast.learner("one", Fate.SAME, contact=ALL, phone=phone)
        cast.linked.world.do(
            "contacts",
            tenant=cast.linked.tenant,
            act="update",
            id=cast.contacts[learner.pk],
            phones=[IN_PARTS],
        )
    cast.linked.sweep()

    answer = builders.client_of(cast.linked.manager).get(PAGE)

    text = page_reading.text_of(answer.content.decode())
    assert "Linked, and their contact would change: 2" in text
    assert "It takes those of the learner. That replaces the phone of 2." in text
    assert text.count("Would be replaced: phone.") == 2
    assert "Linked already: 1" in text


def test_resync_of_learners_knows_a_phone_that_xero_keeps_in_parts(linked: Linked) -> None:
    linked.world.do("webhooks", enabled=False)
    resyncs.end_first(linked)
    learner = save(linked, mobile="", phone="02 5550 1003")
    linked.push()
    (contact,) = contacts_numbered(linked, learner.number)
    linked.world.do(
        "contacts",
        tenant=linked.tenant,
        act="update",
        id=contact["contact_id"],
        phones=[IN_PARTS],
    )
    save(linked, learner, mobile="", phone="02 5550 1003", city="Dubbo")

    run = resyncs.work_with_pushes(linked, resyncs.ask_for_learners(linked))

    assert (run.state, run.reason) == (RunState.DONE, "")
    (contact,) = contacts_numbered(linked, learner.number)
    assert contact["phones"] == [IN_PARTS]
