"""Acts of people are written down: one table of acts and what each leaves, for every address.

An address that takes a POST stands in a table of acts or among those that need no line, with the
reason. So whoever adds one has to say which it is.
"""

from collections.abc import Callable
from typing import Any

import pytest

from lrm.models import Portal
from tests.security import audited_connection, audited_people, audited_webhooks
from tests.support import audit_trail, post_addresses, xero
from tests.support.audit_trail import Person
from tests.support.linked import Linked

# What is done in Xero's own pages on the way, too; with a pretend Xero, below.
BY_CONSENT = {"xero_connect", "xero_choose"}
# Addresses that take a POST and leave no line, and why none is needed.
NEED_NONE = {
    "home": "It only looks, whatever the method.",
    "api_nothing": "It is no address.",
    "sign_in": "The log says who signed in from where, and who failed.",
    "sign_in_code": "The log says so, too.",
    "sign_out": "It changes nothing but the browser's own session.",
    "account_email": "It sends a link; until that is opened nothing changes.",
    "passkey_add": "It has the browser make one; until that is confirmed nothing changes.",
    "second_factor_begin": "It shows a key; until a code confirms it nothing changes.",
    "notices_read": "What somebody has read is theirs alone.",
    "learner_import": "It keeps a file to look at; until it is confirmed nothing changes.",
    "learner_import_discard": "It forgets a file of which nothing came.",
    "job_stop": "The job is a line itself, and says who stopped it.",
    "xero_check": "It asks Xero; what follows from a refusal the system writes down.",
    "xero_webhook": "It is Xero, by signature; each delivery is kept as it came.",
    "learner_xero_sync": "It reads anew what was read before; its row says who asked.",
    "api_sync_run_preview": "It counts, and starts nothing.",
}
ACTS = [*audited_people.ACTS, *audited_connection.ACTS, *audited_webhooks.ACTS]


def test_every_address_that_takes_a_post_is_an_act_or_needs_no_line() -> None:
    acts = {address for _, address, _ in ACTS} | BY_CONSENT
    names = set(post_addresses.names())

    assert names - acts - set(NEED_NONE) == set(), "Is it an act? Then it belongs into a table."
    assert (acts | set(NEED_NONE)) - names == set(), "There is no such address."
    assert acts & set(NEED_NONE) == set()


@pytest.mark.parametrize(
    ("act", "address", "left"), ACTS, ids=[f"{act.__name__}-{name}" for act, name, _ in ACTS]
)
def test_act_is_written_down_with_who_did_it(
    portal: Portal, act: Callable[[Person], Any], address: str, left: list[str]
) -> None:
    one = audit_trail.person_of(portal)

    act(one)

    assert list(one.left)[-1] == address
    assert one.left[address] == [(*line.split(" ", 1), one.user.pk) for line in left]


def test_pressing_connect_is_written_down_each_time(linked: Linked) -> None:
    """The second time nothing changes, and it is a person's act all the same."""
    before = list(audit_trail.lines())
    browser = xero.Browser(linked.world, linked.manager)

    browser.start()
    browser.start()

    assert (
        audit_trail.made_since(before) == [("AuditEvent", "CONNECT_STARTED", linked.manager.pk)] * 2
    )


def test_connecting_again_is_written_down(linked: Linked) -> None:
    before = list(audit_trail.lines())

    xero.Browser(linked.world, linked.manager).connect()

    acts = ["CONNECT_STARTED", "CONNECTED"]
    assert audit_trail.made_since(before) == [
        ("AuditEvent", act, linked.manager.pk) for act in acts
    ]


@pytest.mark.parametrize(
    ("form", "act"),
    [
        ({"organisation": 1, "confirmed": "yes"}, "CONNECTED"),
        ({"cancel": "yes"}, "CONNECT_ABANDONED"),
    ],
)
def test_choice_of_an_organisation_is_written_down(
    linked: Linked, form: dict[str, Any], act: str
) -> None:
    browser = xero.Browser(linked.world, linked.manager)
    browser.connect(bulk=[0, 1])
    before = list(audit_trail.lines())
    if "organisation" in form:
        form = {**form, "organisation": linked.world.tenant(form["organisation"])["tenant_id"]}

    browser.post(xero.CHOOSE, **form)

    assert audit_trail.made_since(before) == [("AuditEvent", act, linked.manager.pk)]
