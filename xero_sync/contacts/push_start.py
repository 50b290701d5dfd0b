"""A person lets learners be sent to an organisation, after the dry run has shown what that does."""

from datetime import datetime

from django.db import connection as database
from django.db import transaction

from connected_apps import audit
from connected_apps.models import XERO, Connection, Organisation
from connected_apps.states.states import LIVE
from lrm import row_locks
from lrm.models import Portal, User
from xero_sync.contacts import obstacles, push_gate
from xero_sync.jobs import dispatch
from xero_sync.models import ContactPush, PushStart, PushState
from xero_sync.store import contact_links

STARTED = "SENDING_LEARNERS_STARTED"


class NotPossible(Exception):
    """Nothing can be started now; the message says why, and what to do."""


def start(*, portal: Portal, organisation_id: int, by: User, now: datetime) -> PushStart | None:
    """Let the portal's ticked learners be sent; None where somebody has started it before.

    :param organisation_id: the organisation whose dry run was seen.
    :raises NotPossible: the portal is not connected to it, or contacts were not read yet.
    """
    with transaction.atomic():
        organisation = _locked_organisation(portal)
        if organisation.pk != organisation_id:
            raise NotPossible(
                f"Meanwhile {organisation.name} was connected. Nothing was started; look at the "
                "check for this organisation first."
            )
        if push_gate.is_open(organisation):
            return None
        if not push_gate.contacts_are_read(organisation):
            raise NotPossible(
                f"The contacts of {organisation.name} are still being read. Nothing was started; "
                "wait until the check has ended."
            )
        # Nobody saves a learner meanwhile: one that is ticked now has its row already, or gets one.
        contact_links.hold([organisation.tenant_id])
        started = PushStart.objects.create(
            organisation=organisation, started_at=now, started_by=by, by_name=str(by)
        )
        count = _request_all(portal, now=now)
        audit.record(
            portal=portal,
            app=XERO,
            action=STARTED,
            by=by,
            now=now,
            detail=f"{count:,} ticked learner{'' if count == 1 else 's'} on the way to Xero.",
            organisation_name=organisation.name,
        )
        dispatch.PUSH_LEARNERS.wake(portal.pk)
    return started


def _locked_organisation(portal: Portal) -> Organisation:
    """Return the organisation that is connected, and keep it so until the transaction ends.

    :raises NotPossible: none is.
    """
    connection = (
        Connection.objects.select_for_update(of=("self",))
        .select_related("organisation")
        .filter(portal=portal, app=XERO, state__in=LIVE)
        .first()
    )
    if connection is None or connection.organisation is None:
        raise NotPossible("Xero is not connected at the moment. Connect it first.")
    return connection.organisation


def _request_all(portal: Portal, *, now: datetime) -> int:
    """Note that every ticked learner must reach Xero, and return how many there are.

    Those that were imported, and never saved here, have no row yet. Those that have waited for the
    start wait from now.
    """
    with database.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO xero_sync_contactpush
                   (learner_id, state, version, sent_version, idempotency_key, requested_at,
                    problem, candidate_why, attempts)
            SELECT learner.id, %s, 1, 0, '', %s, '', '', 0
              FROM lrm_learner learner
             WHERE learner.portal_id = %s AND learner.sync_to_xero
               AND NOT EXISTS (
                   SELECT FROM xero_sync_contactpush push WHERE push.learner_id = learner.id)
             ORDER BY learner.id
                ON CONFLICT (learner_id) DO NOTHING
            """,
            [PushState.PENDING, now, portal.pk],
        )
    going = ContactPush.objects.filter(
        state__in=obstacles.OPEN, learner__portal=portal, learner__sync_to_xero=True
    )
    return row_locks.update(
        going, requested_at=now, not_before=None, leased_until=None, attempts=0, problem=""
    )
