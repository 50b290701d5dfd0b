"""What happens elsewhere and must ring here: a connection made, a learner saved."""

from datetime import UTC, datetime
from typing import Any

from connected_apps import signals as connection_signals
from connected_apps.models import Connection
from invoices.models import ContactLink
from lrm import signals as lrm_signals
from lrm.models import Learner
from xero_sync import bells, links, pushes, runs, sweeps, tasks
from xero_sync.models import OPEN_RUNS, Cursor, Inbox, SyncRun


def connect() -> None:
    """Listen; called once the apps are ready."""
    connection_signals.connected.connect(on_connected, dispatch_uid="xero_sync")
    lrm_signals.learner_saved.connect(on_learner_saved, dispatch_uid="xero_sync")


def on_connected(connection: Connection, same_organisation: bool, **kwargs: Any) -> None:
    """Start the first sweep, and take up what was parked while there was no connection."""
    if connection.organisation_id is None:
        return
    now = datetime.now(UTC)
    organisation_id = connection.organisation_id
    if sweeps.begin(organisation_id=organisation_id, now=now) and connection.organisation:
        runs.request_first(link=connection, organisation=connection.organisation, now=now)
    Cursor.objects.filter(organisation_id=organisation_id).update(
        next_due_at=now, claimed_until=None, attempts=0, problem=""
    )
    Inbox.objects.filter(organisation_id=organisation_id).update(not_before=None)
    SyncRun.objects.filter(organisation_id=organisation_id, state__in=OPEN_RUNS).update(
        generation=connection.generation, not_before=None, claimed_until=None
    )
    if same_organisation:
        pushes.unpark(portal_id=connection.portal_id)
    else:
        pushes.start_over(portal_id=connection.portal_id)
    bells.ring(tasks.sweep, organisation_id, queue=bells.BULK)
    bells.ring(tasks.push_learners, connection.portal_id, queue=bells.PEOPLE)
    waiting = SyncRun.objects.filter(organisation_id=organisation_id, state__in=OPEN_RUNS)
    for run_id in waiting.values_list("pk", flat=True):
        bells.ring(tasks.work_on_run, run_id, queue=bells.BULK)


def on_learner_saved(learner: Learner, **kwargs: Any) -> None:
    """Note that the learner must reach Xero, in the transaction that saved it."""
    now = datetime.now(UTC)
    for organisation in learner.portal.organisations.all():
        if not ContactLink.objects.filter(learner=learner, organisation=organisation).exists():
            links.link_learner(learner=learner, organisation=organisation, now=now)
    if learner.sync_to_xero:
        pushes.request(learner=learner, now=now)
        bells.ring(tasks.push_learners, learner.portal_id, queue=bells.PEOPLE)
