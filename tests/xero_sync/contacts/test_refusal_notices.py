"""Whoever saved a learner that did not reach Xero is told under the bell, and so are admins."""

from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from lrm.models import LrmRole, Notice, User
from tests.support import builders
from tests.support.learners import save
from tests.support.linked import Linked, clock
from xero_sync.contacts import push_queue, refusal_notices
from xero_sync.models import ContactPush, PushState

TAB = "/settings/connected-apps/xero/contacts/?tab=refused"


@pytest.fixture(autouse=True)
def quiet(linked: Linked) -> None:
    linked.world.do("webhooks", enabled=False)


@pytest.fixture
def sam(linked: Linked) -> User:
    """Somebody who works with learners and is no portal admin."""
    return builders.make_user(linked.portal)


def bell(user: User) -> list[tuple[str, str]]:
    """Return what stands under somebody's bell: (text, address), newest first."""
    page = builders.client_of(user).get("/notices/").content.decode()
    for notice in Notice.objects.filter(user=user):
        assert notice.text in unescape(page)
        assert notice.url in unescape(page)
    rows = Notice.objects.filter(user=user).order_by("-id")
    return list(rows.values_list("text", "url"))


def texts(user: User) -> list[str]:
    return [text for text, _ in bell(user)]


def types(linked: Linked, user: User, number: str, learner_id: int | None = None) -> None:
    """Save a learner by the form."""
    form = {
        "number": number,
        "given_name": "Imogen",
        "family_name": f"Made-Up {number}",
        "email": f"{number.lower()}@example.com",
        "sync_to_xero": "on",
    }
    address = f"/learners/{learner_id}/edit/" if learner_id else "/learners/new/"
    answer = builders.client_of(user).post(address, form)
    assert answer.status_code == 302, answer.content.decode()


def archived(linked: Linked, count: int = 1) -> list[str]:
    """Return numbers that Xero refuses, since archived contacts have them."""
    numbers = [f"X{n}" for n in range(count)]
    for number in numbers:
        made(linked, number)
        there = next(one for one in linked.books()["contacts"] if one["number"] == number)
        act = {"act": "archive", "id": there["contact_id"]}
        linked.world.do("contacts", tenant=linked.tenant, **act)
    return numbers


def made(linked: Linked, number: str) -> None:
    """Have a stranger have a number in Xero."""
    values: dict[str, Any] = {"name": f"Stranger {number}", "number": number}
    linked.world.do("contacts", tenant=linked.tenant, act="create", **values)


def test_who_saved_is_told_once_and_the_notice_leads_to_the_learner(
    linked: Linked, sam: User
) -> None:
    other = builders.make_user(linked.portal)
    stranger = builders.make_user(builders.make_portal("Saltbush"), portal_admin=True)
    (number,) = archived(linked)
    types(linked, sam, number)

    linked.push()
    linked.push()

    learner = linked.portal.learners.get()
    ((text, url),) = bell(sam)
    assert text.startswith(
        f"Imogen Made-Up {number} ({number}) could not be sent to Xero: The contact "
    )
    assert "restore it in Xero" in text
    assert url == f"/learners/{learner.pk}/"
    assert builders.client_of(sam).get(url).status_code == 200
    assert texts(other) == texts(stranger) == []
    assert bell(linked.manager) == [("1 learner could not be sent to Xero: 1 was refused.", TAB)]
    assert linked.portal.pk not in push_queue.waiting_portals(now=clock())


def test_question_is_told_as_one(linked: Linked, sam: User) -> None:
    made(linked, "Q1")
    types(linked, sam, "Q1")

    linked.push()

    (text,) = texts(sam)
    assert text.startswith("Is Imogen Made-Up Q1 (Q1) in Xero already?")
    assert texts(linked.manager) == [
        "1 learner could not be sent to Xero: 1 waits for somebody's answer."
    ]


def test_many_are_told_by_one_notice_that_counts(linked: Linked, sam: User) -> None:
    made(linked, "Q1")
    for number in [*archived(linked, 60), "Q1", "FINE"]:
        save_as(linked, sam, number)

    linked.push()

    assert bell(sam) == [
        (
            "61 learners that you saved could not be sent to Xero: "
            "60 were refused and 1 waits for somebody's answer.",
            "/learners/",
        )
    ]
    assert len(bell(linked.manager)) == 1


def save_as(linked: Linked, user: User, number: str) -> None:
    """Save a learner as an import does for a person."""
    as_user = Linked(linked.world, linked.portal, user, linked.connection)
    save(as_user, number=number, given_name=f"Imogen {number}", email=f"{number}@example.com")


def test_nobody_is_told_while_more_is_about_to_come(linked: Linked, sam: User) -> None:
    for number in archived(linked, 2):
        types(linked, sam, number)
    late = ContactPush.objects.order_by("id").last()
    ContactPush.objects.filter(pk=late.pk if late else 0).update(
        not_before=clock() + timedelta(seconds=30)
    )
    linked.push()
    assert texts(sam) == []
    assert linked.portal.pk in push_queue.waiting_portals(now=clock())

    ContactPush.objects.update(not_before=None)
    linked.push()

    assert texts(sam) == ["2 learners that you saved could not be sent to Xero: 2 were refused."]


def test_change_in_xero_that_refuses_again_is_not_told_again_and_a_new_save_is(
    linked: Linked, sam: User
) -> None:
    (number,) = archived(linked)
    types(linked, sam, number)
    linked.push()
    ContactPush.objects.update(state=PushState.PENDING)
    linked.push()
    assert ContactPush.objects.get().state == PushState.REFUSED
    assert len(bell(sam)) == 1

    save_as(linked, sam, "X0-unrelated")
    learner = linked.portal.learners.get(number=number)
    types(linked, sam, number.lower(), learner.pk)
    types(linked, sam, number, learner.pk)
    linked.push()

    assert len(bell(sam)) == 2


def test_learner_mended_before_anybody_was_told_is_not_told(linked: Linked, sam: User) -> None:
    (number,) = archived(linked)
    types(linked, sam, number)
    push_queue.push_waiting(portal_id=linked.portal.pk, clock=clock)
    assert ContactPush.objects.get().state == PushState.REFUSED
    types(linked, sam, "MENDED", linked.portal.learners.get().pk)

    linked.push()

    assert ContactPush.objects.get().state == PushState.DONE
    assert texts(sam) == texts(linked.manager) == []


def test_admin_is_told_of_their_own_as_their_own_and_of_others_once_a_day(
    linked: Linked, sam: User
) -> None:
    first, second, third, fourth = archived(linked, 4)
    types(linked, linked.manager, first)
    linked.push()
    assert [url for _, url in bell(linked.manager)] == [
        f"/learners/{linked.portal.learners.get(number=first).pk}/"
    ]
    types(linked, sam, second)
    linked.push()
    assert len(bell(linked.manager)) == 2
    types(linked, sam, third)
    types(linked, sam, fourth)
    linked.push()
    assert len(bell(linked.manager)) == 2
    assert push_queue.waiting_portals(now=clock()) == []

    tomorrow = clock() + timedelta(days=1, minutes=1)
    assert push_queue.waiting_portals(now=tomorrow) == [linked.portal.pk]
    push_queue.push_waiting(portal_id=linked.portal.pk, clock=lambda: tomorrow)

    assert texts(linked.manager)[0] == "2 learners could not be sent to Xero: 2 were refused."
    assert push_queue.waiting_portals(now=tomorrow) == []


def test_many_of_an_admins_own_lead_to_the_page_of_refused_ones(linked: Linked) -> None:
    for number in archived(linked, 2):
        types(linked, linked.manager, number)

    linked.push()

    text = "2 learners that you saved could not be sent to Xero: 2 were refused."
    assert bell(linked.manager) == [(text, TAB)]


@pytest.mark.parametrize("change", [{"is_active": False}, {"lrm_role": LrmRole.NONE}])
def test_who_may_not_see_learners_any_more_is_not_told_but_admins_are(
    linked: Linked, sam: User, change: dict[str, Any]
) -> None:
    (number,) = archived(linked)
    types(linked, sam, number)
    User.objects.filter(pk=sam.pk).update(**change)

    linked.push()

    assert not Notice.objects.filter(user=sam).exists()
    assert len(bell(linked.manager)) == 1


def test_it_is_told_although_xero_was_disconnected_meanwhile(linked: Linked, sam: User) -> None:
    (number,) = archived(linked)
    types(linked, sam, number)
    push_queue.push_waiting(portal_id=linked.portal.pk, clock=clock)
    linked.connection.state = "DISCONNECTED_HERE"
    linked.connection.save()
    assert refusal_notices.waiting_portals(now=clock()) == [linked.portal.pk]

    linked.push()

    assert len(bell(sam)) == 1
