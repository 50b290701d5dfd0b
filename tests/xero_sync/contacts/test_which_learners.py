"""Which learners a portal sends, and what another choice would do, said before it is saved."""

import re

import pytest
from django.test import Client

from connected_apps.models import AuditEvent
from lrm.models import BatchJob, Portal, User
from lrm.roster import bulk_ticks
from tests.support import batch_jobs, builders
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked

PAGE = "/settings/connected-apps/xero/contacts/which/"
ADD = "/learners/new/"


@pytest.fixture
def manager(portal: Portal) -> User:
    return builders.make_user(portal, portal_admin=True)


@pytest.fixture
def client(manager: User) -> Client:
    return builders.client_of(manager)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("<main")[2]))


def is_ticked_beforehand(client: Client) -> bool:
    """Return whether the form for a new learner comes ticked."""
    html = client.get(ADD).content.decode()
    switch = re.search(r'<input[^>]*name="sync_to_xero"[^>]*>', html)
    assert switch is not None
    return "checked" in switch[0]


@pytest.mark.parametrize(("choice", "ticked"), [("by_hand", False), ("new", True), ("all", True)])
def test_new_learners_start_as_was_chosen(client: Client, choice: str, ticked: bool) -> None:
    assert not is_ticked_beforehand(client)

    client.post(PAGE, {"choice": choice})

    assert is_ticked_beforehand(client) is ticked


def test_form_that_has_an_error_keeps_what_was_typed_and_not_the_setting(client: Client) -> None:
    client.post(PAGE, {"choice": "new"})

    html = client.post(ADD, {"number": "", "family_name": "Made-Up"}).content.decode()

    switch = re.search(r'<input[^>]*name="sync_to_xero"[^>]*>', html)
    assert switch is not None
    assert "checked" not in switch[0]


def test_learner_who_is_there_stays_as_it_is(portal: Portal, client: Client) -> None:
    learner = builders.make_learner(portal)

    client.post(PAGE, {"choice": "new"})

    learner.refresh_from_db()
    assert not learner.sync_to_xero
    html = client.get(f"/learners/{learner.pk}/edit/").content.decode()
    switch = re.search(r'<input[^>]*name="sync_to_xero"[^>]*>', html)
    assert switch is not None
    assert "checked" not in switch[0]


def test_choice_is_kept_with_who_made_it_and_only_where_it_changes(
    client: Client, manager: User
) -> None:
    for choice in ("new", "new", "by_hand"):
        client.post(PAGE, {"choice": choice})

    told = AuditEvent.objects.filter(action="WHICH_LEARNERS_CHANGED").order_by("pk")
    assert [(one.actor, one.detail) for one in told] == [
        (manager, "New learners start ticked."),
        (manager, "New learners start unticked."),
    ]


def test_another_portal_keeps_its_own_choice(client: Client) -> None:
    elsewhere = builders.make_portal("Saltbush")
    stranger = builders.client_of(builders.make_user(elsewhere, portal_admin=True))

    client.post(PAGE, {"choice": "new"})

    assert not is_ticked_beforehand(stranger)


@pytest.mark.parametrize("choice", ["", "everybody"])
def test_no_choice_is_answered_at_the_field(client: Client, portal: Portal, choice: str) -> None:
    answer = client.post(PAGE, {"choice": choice})

    assert answer.status_code == 422
    assert re.search("Choose one( of these)?\\.", answer.content.decode())


def test_preview_changes_nothing_and_says_what_each_choice_does(
    client: Client, portal: Portal
) -> None:
    builders.make_learner(portal, sync_to_xero=True)
    builders.make_learner(portal)

    said = {
        choice: words(client.post(PAGE, {"choice": choice, "preview": "1"}).content.decode())
        for choice in ("by_hand", "new", "all")
    }

    assert "Of 2 learners, 1 is ticked." in said["all"]
    assert "nobody reaches Xero unless somebody ticks them" in said["by_hand"]
    assert "Who is there already stays ticked or unticked" in said["new"]
    assert "1 learner is not ticked, and would be ticked now." in said["all"]
    assert "once the contacts in Xero are read" in said["all"]
    portal.refresh_from_db()
    assert not portal.new_learners_sync
    assert not AuditEvent.objects.exists()


def test_preview_of_all_says_what_would_become_of_those_who_are_not_ticked(linked: Linked) -> None:
    linked.world.do("webhooks", enabled=False)
    for number, name in (("L900001", "Imogen Made-Up"), ("L900002", "Ravi Stranger")):
        linked.world.do("contacts", tenant=linked.tenant, act="create", name=name, number=number)
    linked.sweep()
    save(linked, number="L900001", sync_to_xero=False)
    save(linked, number="L900002", family_name="Two", sync_to_xero=False)
    save(linked, number="L900003", family_name="Three", sync_to_xero=False)
    client = builders.client_of(linked.manager)

    said = words(client.post(PAGE, {"choice": "all", "preview": "1"}).content.decode())

    assert (
        "Ticking them all: 1 would be linked to a contact that Xero has, 1 would be created as a "
        "new contact, 1 would be asked about." in said
    )
    linked.push()
    assert contacts_numbered(linked, "L900003") == []


def test_all_ticks_the_others_and_says_how_many(client: Client, portal: Portal) -> None:
    builders.make_learner(portal)
    builders.make_learner(portal, sync_to_xero=True)

    answer = client.post(PAGE, {"choice": "all"}, follow=True)

    assert answer.redirect_chain[-1][0] == PAGE
    said = answer.content.decode()
    assert "Sync to Xero was turned on for 1 learner." in said
    assert "Of 2 learners, 2 are ticked." in words(said)
    assert not portal.learners.filter(sync_to_xero=False).exists()


def test_all_of_many_is_done_in_the_background_where_one_sees_how_far_it_is(
    client: Client, portal: Portal
) -> None:
    for _ in range(bulk_ticks.AT_ONCE + 1):
        builders.make_learner(portal)

    answer = client.post(PAGE, {"choice": "all"}, follow=True)

    job = BatchJob.objects.get()
    assert answer.redirect_chain[-1][0] == f"/jobs/{job.pk}/"
    assert "Turning Sync to Xero on for 201 learners" in words(answer.content.decode())
    batch_jobs.work_on_all()
    assert portal.learners.filter(sync_to_xero=True).count() == bulk_ticks.AT_ONCE + 1


def test_choice_that_ticks_nobody_leaves_the_others(client: Client, portal: Portal) -> None:
    builders.make_learner(portal)

    for choice in ("new", "by_hand"):
        client.post(PAGE, {"choice": choice})
        client.post(PAGE, {"choice": "all", "preview": "1"})

    assert portal.learners.filter(sync_to_xero=False).count() == 1
