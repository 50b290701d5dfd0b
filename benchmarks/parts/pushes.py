"""Learners on their way to Xero, watched until all of them and their webhooks have settled."""

import time

from benchmarks.parts import product  # noqa: F401 - sets Django up, and must come first
from xero_sync.models import ContactPush, Delivery, EventState, PushState, WebhookEvent

MOST_SECONDS = 120.0
# Xero collects the events that our own writing causes, then delivers them.
_QUIET_SECONDS = 2.0
_PAUSE_SECONDS = 0.05


def wait_for(learner_ids: list[int]) -> float:
    """Return how long it took until all of them were in Xero.

    :raises TimeoutError: some are not after two minutes; with how they stand.
    """
    began = time.monotonic()
    mine = ContactPush.objects.filter(learner_id__in=learner_ids).exclude(state=PushState.DONE)
    while mine.exists():
        if time.monotonic() - began > MOST_SECONDS:
            raise TimeoutError(str(list(mine.values_list("learner_id", "state", "problem")[:5])))
        time.sleep(_PAUSE_SECONDS)
    return time.monotonic() - began


def settle() -> None:
    """Wait until no webhook has come, and none has waited, for some time."""
    quiet_since, seen = time.monotonic(), -1
    while time.monotonic() - quiet_since < _QUIET_SECONDS:
        waiting = WebhookEvent.objects.filter(state=EventState.PENDING).count()
        waiting += Delivery.objects.filter(unpacked_at=None).count()
        came = Delivery.objects.count()
        if waiting or came != seen:
            quiet_since, seen = time.monotonic(), came
        time.sleep(_PAUSE_SECONDS)
