"""Turns signals of other apps into work: a connection was made, a learner was saved."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from connected_apps import signals as connection_signals
from connected_apps.models import XERO, Connection
from lrm import signals as lrm_signals
from lrm.models import Learner, Portal
from xero_sync.contacts import learner_refreshes, push_queue
from xero_sync.jobs import dispatch
from xero_sync.runs import run_worker
from xero_sync.store import contact_links, document_moves
from xero_sync.sweeps import beginnings, sweeper
from xero_sync.webhooks import event_processing


def connect() -> None:
    """Listen; called once the apps are ready."""
    connection_signals.connected.connect(on_connected, dispatch_uid="xero_sync")
    lrm_signals.learner_saving.connect(on_learner_saving, dispatch_uid="xero_sync")
    lrm_signals.learner_saved.connect(on_learner_saved, dispatch_uid="xero_sync")
    lrm_signals.learners_saved.connect(on_learners_saved, dispatch_uid="xero_sync")
    lrm_signals.learner_erasing.connect(on_learner_erasing, dispatch_uid="xero_sync")


def on_connected(connection: Connection, same_organisation: bool, **kwargs: Any) -> None:
    """Make what the first sync needs, and take up what waited for a connection.

    In the transaction that connects: workers are woken after it.
    """
    if connection.app != XERO or connection.organisation_id is None:
        return
    now = datetime.now(UTC)
    organisation_id = connection.organisation_id
    beginnings.begin(connection=connection, now=now)
    sweeper.start_again(organisation_id=organisation_id, now=now)
    event_processing.start_again(organisation_id=organisation_id)
    run_worker.start_again(organisation_id=organisation_id, generation=connection.generation)
    learner_refreshes.start_again(organisation_id=organisation_id)
    if same_organisation:
        push_queue.start_again(portal_id=connection.portal_id)
    else:
        push_queue.start_over(portal_id=connection.portal_id)


def on_learner_saving(portal: Portal, **kwargs: Any) -> None:
    """Keep contacts from being stored meanwhile: who is who is derived from both sides."""
    contact_links.hold(portal.organisations.values_list("tenant_id", flat=True))


def on_learner_saved(learner: Learner, created: bool, email_before: str, **kwargs: Any) -> None:
    """Derive which contacts are the learner, and note that it must reach Xero.

    In the transaction that saved it.
    """
    saved = lrm_signals.SavedLearner(learner=learner, created=created, email_before=email_before)
    on_learners_saved(learner.portal, [saved])


def on_learners_saved(
    portal: Portal, saved: Sequence[lrm_signals.SavedLearner], **kwargs: Any
) -> None:
    """Do the same for many that were saved together."""
    now = datetime.now(UTC)
    for organisation in portal.organisations.all():
        contact_links.derive_for_learners(
            saved=[(one.learner, one.email_before) for one in saved],
            organisation=organisation,
            now=now,
            asked_for=[one.learner.pk for one in saved],
        )
    learners = [one.learner for one in saved]
    push_queue.request_many(learners=[one for one in learners if one.sync_to_xero], now=now)
    push_queue.withdraw_many(learners=[one for one in learners if not one.sync_to_xero], now=now)


def on_learner_erasing(learner: Learner, **kwargs: Any) -> Callable[[], None]:
    """Return what follows once the learner is gone: its contacts, and its address, are free.

    Whoever waited because of them goes on.
    """
    portal, address = learner.portal, learner.email
    links = learner.contact_links.values_list("organisation_id", "contact_xero_id")
    held: dict[int, list[UUID]] = defaultdict(list)
    for organisation_id, contact_id in links:
        held[organisation_id].append(contact_id)
    document_moves.keep_of_erased(learner)

    def follow() -> None:
        for organisation in portal.organisations.all():
            contact_links.follow_erasure(
                organisation, held[organisation.pk], address=address, now=datetime.now(UTC)
            )
        dispatch.PUSH_LEARNERS.wake(portal.pk)

    return follow
