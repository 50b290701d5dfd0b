"""Which learners a portal sends to Xero: always those who are ticked; here, who is ticked how.

The setting itself is the LRM's (`Portal.new_learners_sync`): its form and its import tick new
learners beforehand or not.
"""

from datetime import datetime

from django.db import models, transaction

from connected_apps import audit
from connected_apps.models import XERO
from lrm.models import Portal, User

CHANGED = "WHICH_LEARNERS_CHANGED"


class Choice(models.TextChoices):
    """Who is ticked. Nobody is unticked by any of these."""

    BY_HAND = "by_hand", "Only learners who are ticked; new learners start unticked"
    NEW = "new", "Only learners who are ticked; new learners start ticked"
    ALL = "all", "All learners: new learners start ticked, and the others are ticked now"

    @property
    def ticks_new(self) -> bool:
        """Whether learners who are added from now on start ticked."""
        return self is not Choice.BY_HAND


def current(portal: Portal) -> Choice:
    """Return what holds now."""
    if not portal.new_learners_sync:
        return Choice.BY_HAND
    is_anybody_left = portal.learners.filter(sync_to_xero=False).exists()
    return Choice.NEW if is_anybody_left else Choice.ALL


def choose(*, portal: Portal, choice: Choice, by: User, now: datetime) -> bool:
    """Keep what new learners start as, and return whether that is a change.

    Whoever is there already stays as it is: ticking them all is `lrm.roster.bulk_ticks`' business.
    """
    with transaction.atomic():
        stored = Portal.objects.select_for_update().get(pk=portal.pk)
        if stored.new_learners_sync == choice.ticks_new:
            return False
        stored.new_learners_sync = choice.ticks_new
        stored.save(update_fields=["new_learners_sync"])
        audit.record(
            portal=portal,
            app=XERO,
            action=CHANGED,
            by=by,
            now=now,
            detail=f"New learners start {'ticked' if choice.ticks_new else 'unticked'}.",
        )
    return True
