"""Whose connection a query counts: never that of another app, whatever it points to."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from connected_apps import panels, queries, signals
from connected_apps.lifecycle import housekeeping
from connected_apps.models import XERO, AuditEvent, Connection, Grant, Organisation, State
from invoices.models import ContactLink, LinkSource
from lrm.watching import metrics
from tests.support import builders, document_builders
from tests.support.linked import Linked, clock
from xero_sync.api import errors
from xero_sync.contact_tabs import holds
from xero_sync.contacts import push_gate
from xero_sync.jobs import day_limit
from xero_sync.maintenance import mention_pass
from xero_sync.models import Cursor
from xero_sync.runs import run_notices

OTHER = "beacon"


@pytest.fixture
def other(linked: Linked) -> Connection:
    """Give another app a connection that works, on the very rows that Xero's had and has no more.

    No app has a reason to do so, and nothing keeps one from it.
    """
    grant = Grant.objects.get(connection=linked.connection)
    Connection.objects.filter(pk=linked.connection.pk).update(state=State.DISCONNECTED_HERE)
    return Connection.objects.create(
        portal=linked.portal,
        app=OTHER,
        state=State.CONNECTED,
        state_since=clock(),
        organisation=linked.organisation,
        grant=grant,
        xero_connection_id=linked.connection.xero_connection_id,
        connected_by=linked.manager,
        connected_at=clock(),
    )


FOUND: dict[str, Callable[[Linked], Any]] = {
    "live connections": lambda linked: list(
        queries.live_connections().filter(portal=linked.portal)
    ),
    "the live connection of an organisation": lambda linked: queries.live_connection_of(
        organisation_id=linked.organisation.pk
    ),
    "holders of an organisation": lambda linked: list(
        queries.other_holders_of(
            tenant_id=linked.organisation.tenant_id, portal=builders.make_portal()
        ).filter(portal=linked.portal)
    ),
    "connections over which learners are sent": lambda linked: list(
        push_gate.open_connections().filter(portal=linked.portal)
    ),
    "connections that are looked at daily": lambda linked: [
        pk
        for pk in housekeeping.connections_to_look_at(now=clock())
        if Connection.objects.get(pk=pk).portal_id == linked.portal.pk
    ],
}


@pytest.mark.parametrize("what", FOUND)
@pytest.mark.usefixtures("other")
def test_another_apps_connection_is_not_among(what: str, linked: Linked) -> None:
    assert not FOUND[what](linked)


def test_portals_that_send_learners_are_those_of_xero(linked: Linked, other: Connection) -> None:
    Connection.objects.filter(pk=linked.connection.pk).update(organisation=None)

    assert linked.portal.pk not in set(push_gate.started_portals())


def test_texts_are_looked_through_for_xero_alone(linked: Linked, other: Connection) -> None:
    Connection.objects.filter(pk=linked.connection.pk).update(organisation=None)
    document_builders.make_document(linked.organisation)

    assert linked.organisation.pk not in mention_pass.waiting_organisations(now=clock())


def test_another_app_holds_no_contact(linked: Linked, other: Connection) -> None:
    contact = document_builders.make_contact(linked.organisation)
    learner = builders.make_learner(linked.portal)
    document_builders.link(learner, linked.organisation, contact.xero_id)
    ContactLink.objects.filter(learner=learner).update(source=LinkSource.PERSON)
    neighbour = Organisation.objects.exclude(pk=linked.organisation.pk).get(
        tenant_id=linked.organisation.tenant_id
    )

    held = holds.of_other_portals(neighbour, [contact.xero_id])

    assert held == {contact.xero_id: True}


def test_xeros_limit_of_a_day_pauses_no_other_app(linked: Linked, other: Connection) -> None:
    day_used_up = errors.RateLimited("No more today.", kind="day", retry_after=60, status=429)

    day_limit.pause(organisation_id=linked.organisation.pk, error=day_used_up, now=clock())

    other.refresh_from_db()
    assert other.state == State.CONNECTED


def test_connecting_another_app_begins_no_sync(linked: Linked, other: Connection) -> None:
    Cursor.objects.filter(organisation=linked.organisation).delete()

    signals.send_connected(connection=other, reconnected=False, same_organisation=True)

    assert not Cursor.objects.filter(organisation=linked.organisation).exists()


def test_whoever_connected_xero_is_told_of_its_first_sync(
    linked: Linked, other: Connection
) -> None:
    somebody = builders.make_user(linked.portal)
    Connection.objects.filter(pk=linked.connection.pk).update(connected_by=somebody)
    # So that the row of the other app is the first that is found.
    Connection.objects.filter(pk=other.pk).update(id=linked.connection.pk - 10_000)
    run = linked.portal.sync_runs.get(is_first=True)

    run_notices.notify_cancelled(run=run, by=linked.manager)

    assert somebody.notices.count() == 1


def test_figures_for_operators_count_xeros_connections(linked: Linked, other: Connection) -> None:
    everybody = dict.fromkeys(Connection.objects.filter(app=XERO).values_list("state", flat=True))

    counted = panels.count_connections()["states"]
    lines = [
        line for line in metrics.page().decode().splitlines() if line.startswith("lrm_connections{")
    ]

    assert sum(counted.values()) == Connection.objects.filter(app=XERO).count()
    assert len(lines) == len(everybody)


def test_what_another_app_does_stands_not_in_xeros_trail(linked: Linked, other: Connection) -> None:
    before = queries.audit_trail(portal=linked.portal, app=XERO).count()
    AuditEvent.objects.create(
        portal=linked.portal, app=OTHER, at=clock(), actor_name="X", action="BEACON_LIT"
    )
    client = builders.client_of(linked.manager)

    shown = client.get(reverse("xero_activity"))
    file = client.get(reverse("xero_activity_csv"))

    assert "Beacon lit" not in shown.content.decode()
    assert b"Beacon lit" not in b"".join(file)
    assert queries.audit_trail(portal=linked.portal, app=XERO).count() == before
    assert [one.action for one in queries.audit_trail(portal=linked.portal, app=OTHER)] == [
        "BEACON_LIT"
    ]
