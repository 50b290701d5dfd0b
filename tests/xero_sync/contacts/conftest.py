"""Staff of a connected portal, and of another on the same organisation in Xero."""

import pytest

from tests.support import builders, xero
from tests.support.linked import Linked, let_learners_go
from tests.support.staff import Staff


@pytest.fixture
def staff(linked: Linked) -> Staff:
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    return Staff(linked)


@pytest.fixture
def neighbours(staff: Staff) -> Staff:
    """Another portal that is confirmed on the same organisation, and has the same documents."""
    portal = builders.make_portal("Saltbush Skills Institute")
    manager = builders.make_user(portal, portal_admin=True, accounts=True)
    browser = xero.Browser(staff.linked.world, manager)
    browser.connect()
    browser.post(xero.CHOOSE, organisation=staff.linked.tenant, confirmed="yes")
    other = Linked(staff.linked.world, portal, manager, browser.connection)
    let_learners_go(other.organisation)
    other.sweep()
    return Staff(other)
