"""Before a person starts it no learner is sent, however much waits; started, all ticked ones go."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError
from django.db import connection as database
from django.test import Client
from pytest_django.fixtures import Settings

from connected_apps.models import AuditEvent, Connection
from lrm.models import Learner, LrmRole, Notice
from tests.support import builders, xero
from tests.support.broker import Broker
from tests.support.connections import ALL_WELL
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked, clock, let_learners_go
from tests.support.waiting import wait_until
from xero_sync import tasks
from xero_sync.contacts import push_gate, push_queue, push_start
from xero_sync.jobs import dispatch
from xero_sync.models import ContactPush, Cursor, PushStart

PAGE = "/settings/connected-apps/xero/contacts/start/"
WHICH = "/settings/connected-apps/xero/contacts/which/"


def save_by_form(linked: Linked, number: str = "L900001", **details: Any) -> Learner:
    """Add a ticked learner by the form."""
    typed = {
        "number": number,
        "given_name": "Imogen",
        "family_name": f"Made-Up {number}",
        "email": f"{number}@example.com",
        "country": "Australia",
        "sync_to_xero": "on",
        **details,
    }
    answer = builders.client_of(linked.manager).post("/learners/new/", typed)
    assert answer.status_code == 302, answer.content.decode()
    return linked.portal.learners.get(number=number)


def words_of(client: Client, page: str = PAGE) -> str:
    """Return what a page says."""
    answer = client.get(page)
    assert answer.status_code == 200
    html = answer.content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def press_start(linked: Linked, client: Client | None = None) -> Any:
    """Press the button that the page offers, with all that it sends."""
    client = client or builders.client_of(linked.manager)
    html = client.get(PAGE).content.decode()
    assert "Start sending learners" in html
    found = re.search(r'name="organisation" value="(\d+)"', html)
    assert found is not None
    return client.post(PAGE, {"organisation": found[1]}, follow=True)


def test_nothing_is_sent_after_connecting_until_somebody_starts(unstarted: Linked) -> None:
    save_by_form(unstarted)
    unstarted.sweep()
    before = unstarted.books()

    unstarted.push()

    assert unstarted.books() == before
    assert push_queue.waiting_portals(now=clock()) == []
    assert ContactPush.objects.get().state == "PENDING"


def test_start_sends_all_ticked_learners_and_nobody_else(unstarted: Linked) -> None:
    save_by_form(unstarted)
    # Imported at some time, never saved here.
    builders.make_learner(unstarted.portal, number="L900002", sync_to_xero=True)
    builders.make_learner(unstarted.portal, number="L900003")
    unstarted.sweep()

    answer = press_start(unstarted)
    unstarted.push()

    assert "Started." in answer.content.decode()
    there = [len(contacts_numbered(unstarted, f"L90000{one}")) for one in (1, 2, 3)]
    assert there == [1, 1, 0]
    assert f"{unstarted.manager} started it" in words_of(builders.client_of(unstarted.manager))


def test_start_stands_in_the_activity_with_who_and_where(unstarted: Linked) -> None:
    save_by_form(unstarted)
    unstarted.sweep()

    press_start(unstarted)

    started, event = PushStart.objects.get(), AuditEvent.objects.latest("pk")
    assert (event.action, event.actor) == ("SENDING_LEARNERS_STARTED", unstarted.manager)
    assert event.organisation_name == unstarted.organisation.name
    assert event.detail == "1 ticked learner on the way to Xero."
    assert (started.started_by, started.by_name) == (unstarted.manager, str(unstarted.manager))
    activity = builders.client_of(unstarted.manager).get("/settings/connected-apps/xero/activity/")
    assert "Sending learners started" in activity.content.decode()


def test_page_follows_those_who_are_on_their_way(unstarted: Linked) -> None:
    save_by_form(unstarted)
    unstarted.sweep()
    press_start(unstarted)
    client = builders.client_of(unstarted.manager)
    again = {"HX-Request": "true", "HX-Target": "push-states"}
    assert "On their way 1" in words_of(client)

    unstarted.push()

    part = client.get(PAGE, headers=again)
    assert "HX-Refresh" not in part
    assert "<dt>In Xero</dt><dd>1</dd>" in part.content.decode()


def test_second_press_changes_nothing(unstarted: Linked) -> None:
    unstarted.sweep()
    press_start(unstarted)

    client = builders.client_of(unstarted.manager)
    answer = client.post(PAGE, {"organisation": unstarted.organisation.pk}, follow=True)

    assert "this was started before" in answer.content.decode()
    assert AuditEvent.objects.filter(action="SENDING_LEARNERS_STARTED").count() == 1


def test_start_whose_message_is_lost_is_taken_up_by_beat(unstarted: Linked) -> None:
    save_by_form(unstarted)
    unstarted.sweep()
    broker = Broker()
    press_start(unstarted)
    broker.lose_all()

    tasks.wake_all()

    assert (dispatch.PUSH_LEARNERS.name, [unstarted.portal.pk]) in broker.waiting()
    broker.lose_all()
    unstarted.push()
    assert len(contacts_numbered(unstarted, "L900001")) == 1


def test_start_that_is_killed_half_way_has_started_nothing(unstarted: Linked) -> None:
    save_by_form(unstarted)
    unstarted.sweep()
    before = unstarted.books()

    with closing(psycopg2.connect(**own_database())) as other, other, other.cursor() as cursor:
        # Its last statement waits for this one, and then its connection is gone.
        cursor.execute("LOCK TABLE connected_apps_auditevent IN EXCLUSIVE MODE")
        with ThreadPoolExecutor(1) as threads:
            pressed = threads.submit(press_start_and_hang_up, unstarted)
            assert wait_until(lambda: kill_whoever_waits(cursor))
            with pytest.raises(OperationalError):
                pressed.result()
    unstarted.push()

    assert not PushStart.objects.exists()
    assert unstarted.books() == before


def press_start_and_hang_up(linked: Linked) -> None:
    """Press start in a thread of its own, with its own connection."""
    try:
        push_start.start(
            portal=linked.portal,
            organisation_id=linked.organisation.pk,
            by=linked.manager,
            now=clock(),
        )
    finally:
        database.close()


def kill_whoever_waits(cursor: Any) -> bool:
    """Kill the connection that waits for the lock; return whether there was one."""
    cursor.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_locks"
        " WHERE NOT granted AND relation = 'connected_apps_auditevent'::regclass"
    )
    return bool(cursor.fetchall())


def own_database() -> dict[str, Any]:
    """Return how this test's database is reached."""
    found: dict[str, Any] = database.get_connection_params()
    return {
        name: found[name]
        for name in ("dbname", "user", "password", "host", "port")
        if name in found
    }


def test_page_counts_contacts_until_all_are_read_and_takes_no_start(unstarted: Linked) -> None:
    save_by_form(unstarted)
    client = builders.client_of(unstarted.manager)

    said = words_of(client)
    answer = client.post(PAGE, {"organisation": unstarted.organisation.pk}, follow=True)

    assert "Reading the contacts in Xero: 0 so far." in said
    assert "What to do first" in said
    assert "Start sending learners" not in said
    assert "still being read. Nothing was started" in answer.content.decode()
    assert not PushStart.objects.exists()
    again = {"HX-Request": "true", "HX-Target": "contacts-reading"}
    part = client.get(PAGE, headers=again)
    assert "HX-Refresh" not in part
    assert "<main" not in part.content.decode()
    unstarted.sweep()
    assert client.get(PAGE, headers=again)["HX-Refresh"] == "true"


def test_whoever_may_start_is_told_once_when_all_contacts_are_read(unstarted: Linked) -> None:
    onlooker = builders.make_user(unstarted.portal, portal_admin=True, role=LrmRole.NONE)

    unstarted.sweep()
    unstarted.sweep()

    told = Notice.objects.filter(url=PAGE)
    assert [one.user for one in told] == [unstarted.manager]
    assert told[0].text.startswith(f"All contacts of {unstarted.organisation.name} are read.")
    assert not Notice.objects.filter(user=onlooker, url=PAGE).exists()


def test_nobody_is_told_to_start_what_is_started(linked: Linked) -> None:
    linked.sweep()

    assert not Notice.objects.filter(url=PAGE).exists()


def test_card_says_what_to_do_first_until_it_is_done(unstarted: Linked) -> None:
    client = builders.client_of(unstarted.manager)
    assert "being read" in words_of(client, xero.PAGE)
    unstarted.sweep()

    before = words_of(client, xero.PAGE)
    assert "Check learners against Xero, then start sending them." in before
    assert f'href="{PAGE}"' in client.get(xero.PAGE).content.decode()
    press_start(unstarted)

    after = words_of(client, xero.PAGE)
    assert "Check learners against Xero" not in after
    assert ALL_WELL in after


def test_reconnecting_to_the_same_organisation_goes_on_and_another_needs_a_start(
    unstarted: Linked,
) -> None:
    unstarted.sweep()
    press_start(unstarted)
    browser = xero.Browser(unstarted.world, unstarted.manager)

    browser.connect()
    save_by_form(unstarted)
    unstarted.push()
    assert len(contacts_numbered(unstarted, "L900001")) == 1

    address = browser.connect(tenant=1)["Location"]
    offered = unstarted.world.tenant(1)["tenant_id"]
    assert address == xero.CHOOSE
    browser.post(xero.CHOOSE, organisation=offered, confirmed="yes")
    other = Connection.objects.get(portal=unstarted.portal).organisation
    assert other is not None
    assert str(other.tenant_id) == offered
    before = unstarted.world.show("books", tenant=offered)
    unstarted.push()
    assert unstarted.world.show("books", tenant=offered) == before
    # The page that was open for the first organisation starts nothing in the second.
    client = builders.client_of(unstarted.manager)
    answer = client.post(PAGE, {"organisation": unstarted.organisation.pk}, follow=True)
    assert f"Meanwhile {other.name} was connected." in answer.content.decode()
    assert not PushStart.objects.filter(organisation=other).exists()


def test_portal_that_waits_holds_nothing_from_another_on_the_same_organisation(
    unstarted: Linked, settings: Settings
) -> None:
    """Each starts for itself, and what one would send is no claim yet."""
    portal = builders.make_portal("Saltbush Institute")
    manager = builders.make_user(portal, portal_admin=True)
    browser = xero.Browser(unstarted.world, manager)
    browser.connect()
    offered = str(unstarted.organisation.tenant_id)
    browser.post(xero.CHOOSE, organisation=offered, confirmed="yes")
    other = Linked(unstarted.world, portal, manager, browser.connection)
    unstarted.world.do(
        "contacts", tenant=offered, act="create", name="Imogen Made-Up", number="L900001"
    )
    for one in (unstarted, other):
        one.sweep()
        save(one)

    press_start(other)
    unstarted.push()
    other.push()

    assert [one["email"] for one in contacts_numbered(other, "L900001")] == ["imogen@example.com"]
    assert ContactPush.objects.get(learner__portal=portal).state == "DONE"
    assert ContactPush.objects.get(learner__portal=unstarted.portal).state == "PENDING"
    assert "another portal" in words_of(builders.client_of(unstarted.manager))


@pytest.mark.parametrize("page", [PAGE, WHICH])
def test_pages_are_for_whoever_may_manage_and_say_who_that_is(unstarted: Linked, page: str) -> None:
    unstarted.sweep()
    save_by_form(unstarted)
    form = {"organisation": unstarted.organisation.pk, "choice": "new"}
    for is_admin, role in ((False, LrmRole.USER), (True, LrmRole.NONE)):
        colleague = builders.make_user(unstarted.portal, portal_admin=is_admin, role=role)
        client = builders.client_of(colleague)
        for answer in (client.get(page), client.post(page, form)):
            assert answer.status_code == 403
            assert str(unstarted.manager) in answer.content.decode()
            assert "Made-Up" not in answer.content.decode()
    assert builders.client_of(None).get(page).status_code == 302

    elsewhere = builders.make_portal("Spinifex Institute")
    stranger = builders.client_of(builders.make_user(elsewhere, portal_admin=True))
    assert "Made-Up" not in words_of(stranger, page)
    stranger.post(PAGE, {"organisation": unstarted.organisation.pk})

    assert not PushStart.objects.exists()
    unstarted.portal.refresh_from_db()
    assert not unstarted.portal.new_learners_sync


def test_dry_run_shows_whom_it_is_about_and_why(unstarted: Linked) -> None:
    unstarted.world.do(
        "contacts", tenant=unstarted.tenant, act="create", name="Ravi Stranger", number="L900001"
    )
    save_by_form(unstarted, region="")
    save_by_form(unstarted, "L900002", email="", region="NSW", postal_code="2000")
    unstarted.sweep()

    said = words_of(builders.client_of(unstarted.manager))

    assert "2 learners are ticked" in said
    assert "You would be asked: 1" in said
    assert "In Xero: Ravi Stranger · L900001" in said
    assert "Has the number, but another name and e-mail address." in said
    assert "New contacts: 1" in said
    assert "1 of them has no e-mail address" in said
    assert "1 of them has no state." in said
    assert "This takes about 1 call to Xero" in said


def test_waiting_is_said_with_who_can_start(unstarted: Linked) -> None:
    first = str(unstarted.manager)
    assert push_gate.waiting_in_words(unstarted.portal) == (
        f"Waiting: {first} has not started sending learners to Xero yet."
    )
    second = builders.make_user(unstarted.portal, portal_admin=True)
    said = push_gate.waiting_in_words(unstarted.portal)
    assert first in said
    assert str(second) in said
    assert not push_gate.is_started(unstarted.portal)
    let_learners_go(unstarted.organisation)
    assert push_gate.is_started(unstarted.portal)


def test_first_sweep_that_was_not_ended_is_no_reading_of_all(unstarted: Linked) -> None:
    Cursor.objects.filter(resource="CONTACT").update(next_page=2)

    assert "Reading the contacts in Xero" in words_of(builders.client_of(unstarted.manager))
