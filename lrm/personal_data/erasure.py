"""Erasing one learner: all that hangs on the person goes, in one transaction, for good.

A worker that is just sending the learner to Xero finds no row to write its answer to, and the
contact stays nobody's. Nothing is deleted in Xero: whoever keeps the books there decides that.
"""

from datetime import datetime

from django.db import transaction

from lrm import signals
from lrm.models import ErasedLearner, Learner, Portal, PortalAct, User
from lrm.people import portal_changes
from lrm.personal_data import holdings, tombstones


class NotConfirmed(Exception):
    """What was typed is not the learner's number; nothing was erased."""


@transaction.atomic
def erase(
    *, learner: Learner, portal: Portal, confirmed: str, by: User | None, now: datetime
) -> None:
    """Erase a learner.

    :param confirmed: the learner's number, typed once more by whoever asks.
    :param by: None for whoever operates the system, from its shell.
    :raises NotConfirmed: the number is another one.
    """
    # Before any row is locked, like whoever saves a learner: who is who changes here as well.
    signals.learner_saving.send(Learner, portal=portal)
    learner = portal.learners.select_for_update(of=("self",)).get(pk=learner.pk)
    if confirmed.strip() != learner.number:
        raise NotConfirmed
    followers = signals.learner_erasing.send(Learner, learner=learner)
    for holding in holdings.all_of_them():
        holding.erase(learner)
    ErasedLearner.objects.get_or_create(
        portal=portal,
        number_key=tombstones.key_of(portal, learner.number),
        defaults={"erased_at": now},
    )
    portal_changes.record(
        portal=portal,
        act=PortalAct.LEARNER_ERASED,
        by=by,
        now=now,
        detail=f"Learner {learner.pk}",
    )
    learner.delete()
    for _, follow in followers:
        if callable(follow):
            follow()
