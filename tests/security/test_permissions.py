"""Who may open what: a rule for every address there is, and everybody at every door."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from connected_apps.models import XERO
from invoices.models import ReadBy
from lrm import permissions
from lrm.hooks import event_types, outbox
from lrm.models import LrmRole, User
from lrm.roster import bulk_ticks
from tests.security import made_up_requests
from tests.support import builders
from tests.support.hooks import Desk
from tests.support.linked import Linked, clock

Right = Callable[[User], bool]
ANYBODY = "anybody"
SIGNED_IN = "signed in"

_SEES = permissions.may_see_connected_apps
_MANAGES = permissions.may_manage_connected_apps
_LEARNERS = permissions.may_see_learners
_PORTAL = permissions.may_see_settings
_XERO = "settings/connected-apps/xero"

# Who may open an address: the first that fits. Whoever adds an address adds its rule here, and the
# view asks for the same right.
RULES: list[tuple[str, Right | str]] = [
    (r"sign-in/(code/)?|sign-out/|set-password/.*|healthz|readyz|metrics", ANYBODY),
    # The signature is what opens it, see test_webhooks.
    (r"webhooks/xero/", ANYBODY),
    (r"my/.*", permissions.may_see_own_documents),
    (r"notices/bell/|account/.*", SIGNED_IN),
    (r"|notices/.*|settings/|settings/people/", _PORTAL),
    (r"settings/(edit|people/.+)/", permissions.may_manage_people),
    (r"settings/webhooks/.*", permissions.may_manage_webhooks),
    (r"learners/<int:learner_id>/personal-data/.*", permissions.may_manage_personal_data),
    (r"learners/<int:learner_id>/xero-contact/.*", _LEARNERS),
    (r"learners/.*|jobs/.*|documents/.*|contacts/.*|search/", _LEARNERS),
    (rf"{_XERO}/freshness/", permissions.may_see_documents),
    (rf"settings/connected-apps/|{_XERO}/(card|callback)/", _PORTAL),
    (rf"{_XERO}/(connect|choose|check|disconnect|events/again|health/retry)/", _MANAGES),
    (rf"{_XERO}/resync/<int:run_id>/differences.csv", _SEES),
    (rf"{_XERO}/resync/(<int:run_id>/.*)", _MANAGES),
    (rf"{_XERO}/contacts/(act|link|undo|start|which|find/<str:key>)/", _MANAGES),
    (rf"{_XERO}/.*", _SEES),
    # Of any connected app; each has a right of its own besides.
    (r"settings/connected-apps/<slug:app>/activity(/|.csv)", _SEES),
    # The description of the API holds nothing of anybody; what is no address answers 404.
    (r"api/schema/|api/<anything:rest>/", ANYBODY),
    (r"api/", _PORTAL),
    (r"api/v1/connection/", permissions.may_see_documents),
    (r"api/v1/(learners|documents|contacts)/.*", _LEARNERS),
    (r"api/v1/reports/044[23]/.*", permissions.may_read_synced_invoices),
    (r"api/v1/sync-runs/.*", _SEES),
    (r"reports/0442/heal/.*", _MANAGES),
    (r"reports/.*", permissions.may_read_synced_invoices),
]


def rule_of(route: str) -> Right | str | None:
    """Return who may open an address, None where no rule says so."""
    return next((who for pattern, who in RULES if re.fullmatch(pattern, route)), None)


def path_of(route: str, known: dict[str, Any]) -> str:
    """Return an address of a route with ids that exist."""
    return "/" + re.sub(r"<((?:\w+:)?(\w+))>", lambda found: _value(found, known), route)


def _value(found: re.Match[str], known: dict[str, Any]) -> str:
    """Return the value of a part by its type and name, such as `uuid:contact_id`, or its name."""
    return str(known.get(found[1], known.get(found[2], 1)))


def test_every_address_has_a_rule() -> None:
    assert [route for route in made_up_requests.routes() if rule_of(route) is None] == []


def test_every_rule_has_an_address() -> None:
    routes = made_up_requests.routes()
    # Named for what is to come: they cost nothing.
    used = {rule_of(route) for route in routes}

    assert used == {who for _, who in RULES}


def knock(client: Client, path: str) -> dict[str, Any]:
    """Return how a door answers to somebody who looks, and who pushes: statuses and targets."""
    answers = [client.get(path), client.post(path)]
    for answer in answers:
        answer.close()
    return {
        "statuses": {answer.status_code for answer in answers},
        "targets": {answer.headers.get("Location", "") for answer in answers},
    }


@pytest.fixture
def known(linked: Linked) -> dict[str, Any]:
    """Give ids that exist in the linked portal."""
    learner = builders.make_learner(linked.portal)
    linked.sweep()
    contact, document = (
        linked.organisation.contacts.all()[0],
        linked.organisation.documents.all()[0],
    )
    rows = ContentFile(b"Number,Family name\nL1,Kelly\n", name="made-up.csv")
    builders.client_of(linked.manager).post("/learners/import/", {"file": rows})
    version = document.versions.create(
        raw=document.raw,
        digest=document.digest,
        updated_at=document.updated_at,
        read_at=document.read_at,
        stored_at=document.synced_at,
        replaced_at=clock(),
        replaced_by=ReadBy.SWEEP,
    )
    endpoint, _ = Desk(linked.portal, linked.manager).make("https://hooks.example.com/")
    outbox.write(
        [endpoint.pk],
        type=event_types.TEST,
        things=[outbox.Thing(endpoint.pk, "test", "/api/v1/connection/")],
        now=clock(),
    )
    return {
        "endpoint_id": endpoint.pk,
        "message_id": endpoint.messages.get().pk,
        "learner_id": learner.pk,
        "contact_id": contact.pk,
        "uuid:contact_id": contact.xero_id,
        "document_id": document.pk,
        "version_id": version.pk,
        "run_id": linked.portal.sync_runs.values_list("pk", flat=True)[0],
        "job_id": linked.portal.batch_jobs.create(
            kind=bulk_ticks.KIND, params={"tick": True}, created_at=clock()
        ).pk,
        "import_id": linked.portal.learner_imports.values_list("pk", flat=True)[0],
        "user_id": builders.make_user(linked.portal).pk,
        "key": f"learner-{learner.pk}",
        "app": XERO,
        "schedule_id": linked.portal.report_schedules.create(
            report="0442",
            cadence="WEEKLY",
            hour=8,
            attached="LINK",
            made_at=clock(),
            next_at=clock(),
        ).pk,
    }


# Everything that somebody may be; the last opens all doors.
COLLEAGUES: tuple[dict[str, Any], ...] = (
    {"role": LrmRole.NONE},
    {"role": LrmRole.NONE, "portal_admin": True},
    {"role": LrmRole.NONE, "accounts": True},
    {"role": LrmRole.USER},
    {"role": LrmRole.USER, "accounts": True},
    {"role": LrmRole.USER, "accounts": True, "portal_admin": True},
)
_CLOSED = {403, 404, 405}
# Of these `known` gives ids; what else there is has tests of its own.
_BY_ID = r"<int:(learner|document|version|run|job|import|user|endpoint)_id>"


def test_doors_are_closed_when_nobody_is_signed_in(known: dict[str, Any]) -> None:
    open_doors = {}
    for route in made_up_requests.routes():
        if rule_of(route) == ANYBODY:
            continue
        seen = knock(Client(), path_of(route, known))
        leads = {target for target in seen["targets"] if not target.startswith("/sign-in/")} - {""}
        if leads or not seen["statuses"] <= _CLOSED | {204, 302, 401}:
            open_doors[route] = seen

    assert open_doors == {}


def test_doors_are_closed_when_a_colleague_lacks_the_right(
    linked: Linked, known: dict[str, Any]
) -> None:
    open_doors, shut = [], []
    # Where nobody finds anything, a door without a lock would look like one that is closed.
    nowhere = {
        route
        for route in made_up_requests.routes()
        # No colleague is a learner.
        if callable(rule := rule_of(route)) and rule is not permissions.may_see_own_documents
    }
    for rights in COLLEAGUES:
        colleague = builders.make_user(linked.portal, **rights)
        client = builders.client_of(colleague)
        for route in made_up_requests.routes():
            rule = rule_of(route)
            if not callable(rule):
                continue
            statuses = knock(client, path_of(route, known))["statuses"]
            if not rule(colleague) and not statuses <= _CLOSED:
                open_doors.append((rights, route, statuses))
            if rule(colleague) and statuses == {403}:
                shut.append((rights, route))
            if rule(colleague) and not statuses <= _CLOSED:
                nowhere.discard(route)

    assert open_doors == []
    assert shut == []
    assert [route for route in nowhere if re.search(_BY_ID, route)] == []


def test_doors_of_another_portal_do_not_exist_when_a_stranger_knocks(
    linked: Linked, known: dict[str, Any]
) -> None:
    stranger = builders.make_user(
        builders.make_portal("Saltbush"), portal_admin=True, accounts=True, role=LrmRole.ADMIN
    )
    client = builders.client_of(stranger)
    found = {}
    for route in made_up_requests.routes():
        if not re.search(r"<int:(learner|document|run|contact|schedule|endpoint)_id>", route):
            continue
        statuses = knock(client, path_of(route, known))["statuses"]
        if not statuses <= {404, 405}:
            found[route] = statuses

    assert found == {}


def test_learner_opens_their_own_page_and_nothing_else(
    linked: Linked, known: dict[str, Any]
) -> None:
    linked.portal.learners_see_documents = True
    linked.portal.save()
    learner = linked.portal.learners.get(pk=known["learner_id"])
    client = builders.client_of(builders.make_learner_account(learner))

    found = {}
    for route in made_up_requests.routes():
        statuses = knock(client, path_of(route, known))["statuses"]
        if rule_of(route) != ANYBODY and not statuses <= _CLOSED:
            found[route] = statuses

    # The dashboard leads to their page.
    assert found == {"": {302}, "my/invoices/": {200, 405}}
