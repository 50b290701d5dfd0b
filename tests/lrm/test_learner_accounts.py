"""Learners are invited, sign in, and are out again when anything about them changes."""

import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from lrm.models import Learner, LearnerAccount, LrmRole, Portal, PortalChange, User
from tests.support import builders

NEW = "a-quite-new-password-7"


@pytest.fixture
def portal(db: None) -> Portal:
    made = builders.make_portal(slug="wattle")
    made.learners_see_documents = True
    made.save()
    return made


@pytest.fixture
def learner(portal: Portal) -> Learner:
    return builders.make_learner(portal, number="L7", email="robin@example.com")


@pytest.fixture
def staff(portal: Portal) -> Client:
    return builders.client_of(builders.make_user(portal))


@pytest.fixture
def invite(staff: Client, django_capture_on_commit_callbacks: Any) -> Any:
    """Press *Invite* and give the page that follows."""

    def press(learner: Learner) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            answer = staff.post(f"/learners/{learner.pk}/own-page/invite/", follow=True)
        return answer.content.decode()

    return press


def open_link(message: Any) -> Any:
    """Set a password by the link of a mail, as its reader does."""
    found = re.search(r"http://[^/]+(/set-password/\S+)", message.body)
    assert found is not None
    visitor = Client()
    form = visitor.get(found[1], follow=True)
    if not form.redirect_chain:
        return form
    return visitor.post(
        form.redirect_chain[-1][0], {"new_password1": NEW, "new_password2": NEW}, follow=True
    )


def sign_in(username: str) -> tuple[Client, Any]:
    client = Client()
    answer = client.post("/sign-in/", {"username": username, "password": NEW}, follow=True)
    return client, answer


def test_invited_learner_sets_a_password_and_lands_on_their_own_page(
    learner: Learner, invite: Any
) -> None:
    assert "It works once" in invite(learner)
    (message,) = mail.outbox
    assert message.to == ["robin@example.com"]
    assert "L7@wattle" in message.body

    open_link(message)
    _, answer = sign_in("L7@wattle")

    assert answer.redirect_chain[-1][0] == "/my/invoices/"
    assert learner.full_name in answer.content.decode()
    assert list(PortalChange.objects.values_list("act", "detail")) == [
        ("LEARNER_INVITED", f"Learner {learner.pk}")
    ]


def test_link_of_an_invitation_works_once(learner: Learner, invite: Any) -> None:
    invite(learner)
    open_link(mail.outbox[0])

    again = open_link(mail.outbox[0])

    assert "does not work any more" in again.content.decode()


def test_earlier_link_ends_when_another_is_sent(learner: Learner, invite: Any) -> None:
    invite(learner)
    assert "a moment ago" in invite(learner)
    LearnerAccount.objects.update(invited_at="2026-01-01T00:00Z")
    invite(learner)

    first, second = (open_link(message).content.decode() for message in mail.outbox)

    assert "does not work any more" in first
    assert "The password is set" in second


def _renumber(learner: Learner) -> None:
    learner.number = "L8"
    learner.save()


def _move(learner: Learner) -> None:
    learner.email = "somebody@example.com"
    learner.save()


def _turn_off(learner: Learner) -> None:
    learner.portal.learners_see_documents = False
    learner.portal.save()


def _switch_off(learner: Learner) -> None:
    User.objects.filter(learner_account__learner=learner).update(is_active=False)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (_renumber, 403),
        (_move, 403),
        (_turn_off, 403),
        (lambda learner: learner.delete(), 403),
        (_switch_off, 302),
    ],
)
def test_access_ends_at_the_next_request_when(learner: Learner, change: Any, status: int) -> None:
    client = builders.client_of(builders.make_learner_account(learner))
    assert client.get("/my/invoices/").status_code == 200

    change(learner)

    answer = client.get("/my/invoices/")
    assert answer.status_code == status
    assert b"Robin" not in answer.content


def test_access_ends_at_once_when_staff_end_it(learner: Learner, staff: Client) -> None:
    client = builders.client_of(builders.make_learner_account(learner))

    staff.post(f"/learners/{learner.pk}/own-page/end/")

    assert client.get("/my/invoices/")["Location"].startswith("/sign-in/")
    assert not LearnerAccount.objects.exists()
    assert PortalChange.objects.get().act == "LEARNER_ENDED"


def test_learner_with_another_number_is_another_account_when_invited_again(
    learner: Learner, invite: Any
) -> None:
    old = builders.make_learner_account(learner)
    client = builders.client_of(old)
    _renumber(learner)

    invite(learner)

    assert not User.objects.filter(pk=old.pk).exists()
    assert client.get("/my/invoices/").status_code == 302
    assert LearnerAccount.objects.get().user.username == "L8@wattle"


@pytest.mark.parametrize("email", ["", "nobody"])
def test_learner_without_a_valid_address_is_not_invited(
    learner: Learner, invite: Any, email: str
) -> None:
    Learner.objects.update(email=email)

    assert "no valid e-mail address" in invite(learner)
    assert mail.outbox == []


def test_learners_who_share_an_address_are_not_invited(
    learner: Learner, portal: Portal, invite: Any
) -> None:
    builders.make_learner(portal, number="L9", email="Robin@Example.com")

    assert "also that of L9" in invite(learner)
    assert mail.outbox == []


def test_nobody_is_invited_when_the_portal_does_not_show_documents(
    learner: Learner, portal: Portal, invite: Any, staff: Client
) -> None:
    _turn_off(learner)

    assert "A portal admin can change that" in invite(learner)
    assert mail.outbox == []
    assert "Own page" not in staff.get(f"/learners/{learner.pk}/").content.decode()


def test_learner_of_two_portals_has_two_accounts_that_know_nothing_of_each_other(
    learner: Learner, invite: Any, django_capture_on_commit_callbacks: Any
) -> None:
    other = builders.make_portal("Saltbush", slug="saltbush")
    other.learners_see_documents = True
    other.save()
    there = builders.make_learner(other, number="L7", email=learner.email, family_name="There")
    invite(learner)
    with django_capture_on_commit_callbacks(execute=True):
        page = builders.client_of(builders.make_user(other)).post(
            f"/learners/{there.pk}/own-page/invite/", follow=True
        )
    for message in mail.outbox:
        open_link(message)

    here, there_page = (sign_in(name)[1].content.decode() for name in ("L7@wattle", "L7@saltbush"))

    assert "It works once" in page.content.decode()
    assert "There" not in here
    assert "There" in there_page


def test_portal_admin_turns_the_learners_page_on_and_the_trail_says_so(portal: Portal) -> None:
    _turn = {"name": "W", "time_zone": "Australia/Perth", "financial_year_first_month": "7"}
    admin = builders.client_of(builders.make_user(portal, portal_admin=True))
    admin.post("/settings/edit/", _turn)
    portal.refresh_from_db()
    assert not portal.learners_see_documents

    admin.post("/settings/edit/", {**_turn, "learners_see_documents": "on"})

    portal.refresh_from_db()
    assert portal.learners_see_documents
    assert "Learners see their own" in PortalChange.objects.latest("id").detail


def test_stranger_and_colleague_without_the_right_cannot_invite(learner: Learner) -> None:
    path = f"/learners/{learner.pk}/own-page/invite/"
    stranger = builders.make_user(builders.make_portal("Saltbush"))
    colleague = builders.make_user(learner.portal, role=LrmRole.NONE, portal_admin=True)

    assert builders.client_of(stranger).post(path).status_code == 404
    assert builders.client_of(colleague).post(path).status_code == 403
    assert not LearnerAccount.objects.exists()
