"""Turns signals of other apps into work: a connection was made, a learner was saved."""

from datetime import UTC, datetime
from typing import Any

from connected_apps import signals as connection_signals
from connected_apps.models import Connection
from lrm import signals as lrm_signals
from lrm.models import Learner, Portal
from xero_sync.contacts import learner_refreshes, push_queue
from xero_sync.runs import run_worker
from xero_sync.store import contact_links
from xero_sync.sweeps import beginnings, sweeper
from xero_sync.webhooks import event_processing


def connect() -> None:
    """Listen; called once the apps are ready."""
    connection_signals.connected.connect(on_connected, dispatch_uid="xero_sync")
    lrm_signals.learner_saving.connect(on_learner_saving, dispatch_uid="xero_sync")
    lrm_signals.learner_saved.connect(on_learner_saved, dispatch_uid="xero_sync")


def on_connected(connection: Connection, same_organisation: bool, **kwargs: Any) -> None:
    """Make what the first sync needs, and take up what waited for a connection.

    In the transaction that connects: workers are woken after it.
    """
    if connection.organisation_id is None:
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


def on_learner_saved(learner: Learner, email_before: str, **kwargs: Any) -> None:
    """Derive which contacts are the learner, and note that it must reach Xero.

    In the transaction that saved it.
    """
    now = datetime.now(UTC)
    for organisation in learner.portal.organisations.all():
        contact_links.derive_for_learner(
            learner=learner, organisation=organisation, email_before=email_before, now=now
        )
    if learner.sync_to_xero:
        push_queue.request(learner=learner, now=now)
    else:
        push_queue.withdraw(learner=learner)
