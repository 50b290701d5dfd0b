"""Every address demands a right, and the table says which: whoever adds one must say so here."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from lrm import permissions
from lrm.models import LrmRole, Portal, User
from tests.support import builders

Right = Callable[[User], bool]


def _belongs(user: User) -> bool:
    """Return whether a person belongs to a portal, which is all that some pages ask."""
    return user.portal_id is not None


def _is_signed_in(user: User) -> bool:
    return True


LEARNERS = permissions.may_see_learners
SEEING = permissions.may_see_connected_apps
MANAGING = permissions.may_manage_connected_apps
ACCOUNTS = permissions.may_run_finance_reports

# Open to everybody: they sign people in or out, or are asked by machines.
OPEN = {"sign_in", "sign_out", "healthz", "readyz", "xero_webhook"}
# The right that reading an address takes.
READ: dict[str, Right] = {
    **dict.fromkeys(("home", "notices", "settings", "settings_people"), _belongs),
    **dict.fromkeys(
        (
            *("learners", "learner", "learner_add", "learner_edit", "learner_import"),
            *("learner_import_preview", "learner_import_template", "learner_covers"),
            *("learner_xero_invoices", "learner_xero_invoices_table", "learner_xero_contact"),
            *("contact", "document_detail", "document_online"),
        ),
        LEARNERS,
    ),
    **dict.fromkeys(("reports", "report_0442", "report_0442_csv", "report_0442_xlsx"), ACCOUNTS),
    **dict.fromkeys(
        (
            *("xero_activity", "xero_activity_csv", "xero_contacts", "xero_contacts_history"),
            *("xero_contacts_history_of", "resync", "resync_progress", "xero_card"),
            *("api_sync_runs", "api_sync_run"),
        ),
        SEEING,
    ),
    **dict.fromkeys(
        (
            *("xero_choose", "xero_disconnect", "contacts_start", "contacts_which"),
            "xero_contacts_find",
        ),
        MANAGING,
    ),
    # Tells whoever comes back from Xero without the right what they lack.
    "xero_callback": MANAGING,
    # Without it there is the state alone, and whom to ask.
    "connected_apps": SEEING,
    # The header of every page has it, also of those who belong to no portal.
    "notices_bell": _is_signed_in,
}
# The right that changing something takes.
CHANGE: dict[str, Right] = {
    "notices_read": _belongs,
    **dict.fromkeys(
        (
            *("learner_add", "learner_edit", "learner_import", "learner_import_confirm"),
            *("learner_import_discard", "learners_tick", "contact_covers", "learner_covers"),
            *("learner_xero_contact_answer", "learner_xero_sync"),
        ),
        LEARNERS,
    ),
    **dict.fromkeys(
        (
            *("xero_connect", "xero_choose", "xero_disconnect", "xero_check", "resync"),
            *("resync_cancel", "resync_resume", "contacts_start", "contacts_which"),
            *("xero_contacts_act", "xero_contacts_link", "xero_contacts_undo"),
            *("api_sync_runs", "api_sync_run_preview", "api_sync_run_cancel"),
            "api_sync_run_resume",
        ),
        MANAGING,
    ),
}
# A job is shown to whoever may see what it works on, which the job itself says.
BY_THEMSELVES = {"job", "job_progress", "job_stop", "job_failures"}


def people(portal: Portal) -> list[User]:
    """Return one person for every set of rights, and one of no portal."""
    make = builders.make_user
    return [
        make(portal, role=LrmRole.NONE),
        make(portal),
        make(portal, accounts=True),
        make(portal, portal_admin=True, role=LrmRole.NONE),
        make(portal, portal_admin=True, accounts=True),
        make(None, portal_admin=True, accounts=True),
    ]


def addresses() -> dict[str, str]:
    """Return every address by its name, of rows that are not there."""

    def walk(patterns: Any) -> Iterator[URLPattern]:
        for one in patterns:
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns)
            else:
                yield one

    values = {"int": 0, "str": "no", "uuid": "00000000-0000-4000-8000-000000000000"}
    found = {}
    for pattern in walk(get_resolver().url_patterns):
        name = str(pattern.name)
        kinds = pattern.pattern.converters
        given = {each: values[_kind(kind)] for each, kind in kinds.items()}
        found[name] = reverse(name, kwargs=given)
    return found


def _kind(converter: Any) -> str:
    return type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")


def is_refused(client: Client, method: str, address: str) -> bool:
    """Return whether somebody is told that they may not, or sent to sign in."""
    answer = getattr(client, method)(address)
    to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/sign-in/")
    return answer.status_code in (401, 403) or to_sign_in


def test_every_address_is_in_the_table() -> None:
    assert set(addresses()) == OPEN | set(READ) | set(CHANGE) | BY_THEMSELVES


@pytest.mark.parametrize(("method", "table"), [("get", READ), ("post", CHANGE)])
def test_address_is_open_to_whoever_has_its_right_and_to_nobody_else(
    portal: Portal, method: str, table: dict[str, Right]
) -> None:
    found = addresses()
    clients = [(person, builders.client_of(person)) for person in people(portal)]
    wrong = []
    for name, right in table.items():
        if not is_refused(Client(), method, found[name]):
            wrong.append(f"{name} is open to anybody")
        for person, client in clients:
            if is_refused(client, method, found[name]) == right(person):
                wrong.append(f"{name}: {permissions.in_words(person)}, {person.portal}")

    assert not wrong, "\n".join(wrong)


def test_what_changes_something_changes_nothing_when_it_is_only_read(portal: Portal) -> None:
    manager = builders.make_user(portal, portal_admin=True, accounts=True)
    client = builders.client_of(manager)
    found = addresses()

    answers = {name: client.get(found[name]).status_code for name in set(CHANGE) - set(READ)}

    assert set(answers.values()) == {405}, answers
