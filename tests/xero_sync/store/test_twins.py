"""What is stored for a portal is the same whatever another one has, and leaves that alone."""

import pytest
from django.db import transaction

from lrm.models import Portal
from tests.support import twins


def alone() -> tuple[object, object]:
    """Return what the story comes to where nobody else has its ids, and forget it."""
    with transaction.atomic():
        one = twins.side()
        one.play()
        found = one.said(), one.counts()
        transaction.set_rollback(True)
    return found


@pytest.mark.parametrize("turns", [len(twins.STORY), 13, 7, 2])
def test_portal_with_a_twin_that_has_come_so_far_is_stored_as_without(
    portal: Portal, turns: int
) -> None:
    wanted = alone()
    twin = twins.side()
    twin.play(turns)
    before = twin.rows()

    def look() -> None:
        assert twin.rows() == before, "What is the twin's was changed"

    one = twins.side(portal)
    one.play(after_each=look)

    assert (one.said(), one.counts()) == wanted
