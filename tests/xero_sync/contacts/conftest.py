"""Staff of a connected portal, and of another on the same organisation in Xero."""

import pytest

from tests.support.linked import Linked, neighbour_of
from tests.support.staff import Staff


@pytest.fixture(scope="session")
def simulator_url(small_books_url: str) -> str:
    """Let all tests here stand on small books: they are about who is who, not about how many."""
    return small_books_url


@pytest.fixture
def staff(linked: Linked) -> Staff:
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    return Staff(linked)


@pytest.fixture
def neighbours(staff: Staff) -> Staff:
    """Another portal that is confirmed on the same organisation, and has the same documents."""
    other = neighbour_of(staff.linked)
    other.sweep()
    return Staff(other)
