"""Several organisations, another one, or one that somebody has: a person chooses."""

import uuid
from datetime import timedelta

from django.utils import timezone

from connected_apps.lifecycle import consents, housekeeping, removals
from connected_apps.models import Connection, Grant, Organisation, PendingConsent, State
from connected_apps.oauth import identity
from lrm.models import Portal
from tests.support import builders, xero
from tests.support.xero import Browser


def test_several_organisations_lead_to_a_chooser_with_names(browser: Browser) -> None:
    first = browser.connect(bulk=[0, 1])
    page = browser.get(xero.CHOOSE).content.decode()
    second = browser.world.tenant(1)

    answer = browser.post(xero.CHOOSE, organisation=second["tenant_id"])

    assert first["Location"] == xero.CHOOSE
    assert browser.world.tenant(0)["name"] in page
    assert second["name"] in page
    assert answer["Location"] == xero.PAGE
    assert browser.organisation.name == second["name"]
    assert not PendingConsent.objects.exists()


def test_chooser_refuses_what_was_not_offered(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])

    answer = browser.post(xero.CHOOSE, organisation=str(uuid.uuid4()))

    assert answer.status_code == 422
    assert b"Choose an organisation." in answer.content
    assert browser.connection.organisation is None


def test_chooser_is_closed_to_another_session(
    browser: Browser, django_capture_on_commit_callbacks: object
) -> None:
    browser.connect(bulk=[0, 1])
    again = Browser(browser.world, browser.user, django_capture_on_commit_callbacks)

    answer = again.get(xero.CHOOSE)

    assert answer["Location"] == xero.PAGE
    assert "There is no open choice" in again.told(answer)


def test_cancelled_choice_leaves_nothing_here_and_nothing_new_in_xero(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])

    browser.post(xero.CHOOSE, cancel="yes")
    removals.finish_due(now=timezone.now() + timedelta(seconds=1))

    assert browser.connection.state == State.NOT_CONNECTED
    assert browser.world.connections() == []
    assert not Grant.objects.exists()


def test_choice_nobody_made_lapses(browser: Browser) -> None:
    browser.connect(bulk=[0, 1])

    housekeeping.end_lapsed(now=timezone.now() + timedelta(minutes=16))

    assert browser.connection.state == State.NOT_CONNECTED
    assert not PendingConsent.objects.exists()


def test_earlier_grants_of_the_same_user_are_not_offered(browser: Browser) -> None:
    browser.connect(tenant=0)
    Connection.objects.update(state=State.DISCONNECTED_HERE, grant=None)

    answer = browser.connect(tenant=1)

    # Both are listed by Xero; only the one just chosen is asked about.
    page = browser.get(answer["Location"]).content.decode()
    assert f"Connect {browser.world.tenant(1)['name']}?" in page


def test_another_organisation_needs_a_confirmation_that_names_both(browser: Browser) -> None:
    browser.connect(tenant=0)
    old = browser.organisation

    answer = browser.connect(tenant=1)
    page = browser.get(answer["Location"]).content.decode()
    still = browser.organisation
    browser.post(xero.CHOOSE, organisation=browser.world.tenant(1)["tenant_id"], confirmed="yes")

    assert old.name in page
    assert browser.world.tenant(1)["name"] in page
    assert still == old
    assert browser.organisation.name == browser.world.tenant(1)["name"]
    assert Organisation.objects.filter(portal=browser.user.portal).count() == 2


def test_unconfirmed_answer_connects_nothing(browser: Browser) -> None:
    browser.connect(tenant=0)
    browser.connect(tenant=1)

    answer = browser.post(xero.CHOOSE, organisation=browser.world.tenant(1)["tenant_id"])

    assert answer["Location"].startswith(f"{xero.CHOOSE}?organisation=")
    assert browser.organisation.name == browser.world.tenant(0)["name"]


def test_switching_removes_the_old_organisation_in_xero(browser: Browser) -> None:
    browser.connect(tenant=0)
    browser.connect(tenant=1)
    browser.post(xero.CHOOSE, organisation=browser.world.tenant(1)["tenant_id"], confirmed="yes")

    removals.finish_due(now=timezone.now() + timedelta(seconds=1))

    left = [line["tenantId"] for line in browser.world.connections()]
    assert left == [browser.world.tenant(1)["tenant_id"]]
    assert browser.connection.state == State.CONNECTED


def test_organisation_of_another_portal_needs_a_confirmation(
    browser: Browser, django_capture_on_commit_callbacks: object
) -> None:
    browser.connect()
    elsewhere = builders.make_user(builders.make_portal("Other Training"), portal_admin=True)
    Portal.objects.filter(name="Wattle Creek Training").update(name="Quiet Portal")
    other = Browser(browser.world, elsewhere, django_capture_on_commit_callbacks)

    answer = other.connect()
    page = other.get(answer["Location"]).content.decode()

    assert answer["Location"] == xero.CHOOSE
    assert "already connected to another portal" in page
    assert "Quiet Portal" not in page
    assert other.connection.organisation is None


def test_token_without_event_id_offers_everything_and_lets_the_person_decide(
    browser: Browser,
) -> None:
    line = identity.TenantConnection(
        uuid.uuid4(), uuid.uuid4(), "Demo RTO", "event-1", "2026-01-01T00:00:00.0000000", ""
    )
    earlier = identity.TenantConnection(uuid.uuid4(), uuid.uuid4(), "Old RTO", "event-0", "", "")
    pair = identity.TokenPair("a", "r", 1800, "", "", "", authentication_event_id="")

    offers = consents.offers_of(pair, [line, earlier])

    assert [offer.name for offer in offers] == ["Demo RTO", "Old RTO"]
    assert not any(offer.brand_new for offer in offers)
