"""How fresh a learner's own documents are, in words for somebody who knows no sync."""

from datetime import datetime

from connected_apps.freshness import Condition, Freshness
from lrm import moments
from lrm.models import Portal

_WHY = {
    Condition.FIRST_SYNC: "they are still being read for the first time.",
    Condition.FIRST_SYNC_CANCELLED: "older ones were not read.",
    Condition.KIND_REFUSED: "some could not be read.",
    Condition.NOT_SAVED: "some could not be read.",
    Condition.DIFFERS: "some may have changed.",
}


def freshness_line(fresh: Freshness, portal: Portal, *, now: datetime) -> str:
    """Return one or two sentences: whether all is here, and as of when."""
    said = moments.at(fresh.as_of, now=now, zone=portal.zone) if fresh.as_of else ""
    if fresh.is_complete:
        return f"Up to date. Checked {said}." if said else "Up to date."
    if not fresh.is_connected:
        return f"{portal.name} does not show invoices here yet."
    missing = (
        f"what changed since {said.removeprefix('on ')} may be missing."
        if said
        else ("some may be missing.")
    )
    # With a word of its own nothing was refused: what changed lately was not read yet.
    is_late = fresh.worst is not None and bool(fresh.worst.word)
    why = missing if is_late else _WHY.get(fresh.condition, missing)
    return f"These may not be all of your documents: {why} Ask {portal.name} where you miss one."
