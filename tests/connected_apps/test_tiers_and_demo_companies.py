"""Xero lets no more organisations be connected, or its Demo Company begins anew: both are told."""

from typing import Any

import pytest
from django.utils import timezone

from connected_apps.lifecycle import refusals
from connected_apps.models import Organisation, State
from tests.support import builders, xero
from tests.support.simulator_client import SimulatorClient
from tests.support.xero import Browser


def demo_of(world: SimulatorClient) -> int:
    """Return the place of Xero's Demo Company among the organisations."""
    names = [one["name"] for one in world.show("organisations")]
    return next(at for at, name in enumerate(names) if name.startswith("Demo Company"))


def test_connection_beyond_the_tier_connects_nothing_and_says_how_to_go_on(
    browser: Browser,
) -> None:
    browser.world.do("habits", most_connections=1)
    other = Browser(browser.world, builders.make_user(builders.make_portal(), portal_admin=True))
    other.connect(tenant=0)
    address = browser.start()
    user = browser.world.user(organisations=3)
    tenant = browser.world.tenant(1)["tenant_id"]

    # Xero's own page refuses and sends nobody back; the person there can only cancel.
    with pytest.raises(AssertionError, match="reached the number of connections"):
        browser.world.consent(address, user=user, tenants=[tenant])
    waiting = browser.get(xero.PAGE).content.decode()
    back = browser.world.consent(browser.start(), user=user, tenants=[], decision="cancel")
    answer = browser.come_back(back)

    assert browser.connection.state == State.NOT_CONNECTED
    assert "Connect" in waiting
    assert "Nothing was changed here. Press Connect to Xero" in browser.told(answer)


def test_demo_company_that_began_anew_is_told_as_disconnected_and_is_another_organisation(
    browser: Browser, django_capture_on_commit_callbacks: Any
) -> None:
    at = demo_of(browser.world)
    browser.connect(tenant=at)
    old = browser.connection.organisation
    assert old is not None
    browser.world.do(f"organisations/{old.tenant_id}", begins_anew=True)

    with django_capture_on_commit_callbacks(execute=True):
        refusals.explain_refusal(
            connection_id=browser.connection.pk,
            generation=browser.connection.generation,
            status=403,
            detail="AuthenticationUnsuccessful",
            now=timezone.now(),
        )
    state, page = browser.connection.state, browser.get("/").content.decode()
    answer = browser.connect(tenant=at)
    question = browser.get(answer["Location"]).content.decode()
    still = browser.connection.organisation
    new = browser.world.tenant(at)["tenant_id"]
    browser.post(xero.CHOOSE, organisation=new, confirmed="yes")

    assert state == State.DISCONNECTED_IN_XERO
    assert "was disconnected in Xero." in page
    assert "another organisation" in question
    assert "have the same name" in question
    assert still == old
    now = browser.connection
    assert (now.state, str(now.organisation and now.organisation.tenant_id)) == (
        State.CONNECTED,
        new,
    )
    assert Organisation.objects.filter(portal=browser.user.portal).count() == 2
