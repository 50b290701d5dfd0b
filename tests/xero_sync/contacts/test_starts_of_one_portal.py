"""What is said of a portal's pushes as a whole leaves those of other portals as they are."""

from collections.abc import Callable
from typing import Any

import pytest

from lrm.models import Portal
from tests.support import builders, document_builders
from xero_sync.contacts import push_queue
from xero_sync.models import ContactPush, PushState


def make_push(portal: Portal) -> ContactPush:
    """Store a push that has failed and waits for an hour that has not come."""
    return ContactPush.objects.create(
        learner=builders.make_learner(portal, sync_to_xero=True),
        state=PushState.PENDING,
        requested_at=document_builders.NOW,
        not_before=document_builders.NOW,
        problem="Made-up words of Xero's",
        attempts=3,
    )


def stored(push: ContactPush) -> dict[str, Any]:
    """Return the row as it is now."""
    return dict(ContactPush.objects.filter(pk=push.pk).values().get())


@pytest.mark.parametrize("start", [push_queue.start_again, push_queue.start_over])
def test_pushes_of_one_portal_go_again_and_no_others(
    portal: Portal, start: Callable[..., None]
) -> None:
    mine, theirs = make_push(portal), make_push(builders.make_portal("Saltbush"))
    before = stored(theirs)

    start(portal_id=portal.pk)

    assert (stored(mine)["not_before"], stored(mine)["attempts"]) == (None, 0)
    assert stored(theirs) == before
