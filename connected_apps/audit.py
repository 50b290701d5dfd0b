"""The audit trail: every act that changes a connection, by a person or by the system itself.

Rows are written in the transaction of the act and never changed. They hold words for people, no
token, no secret, no learner.
"""

import uuid
from datetime import datetime

from connected_apps.models import AuditEvent
from lrm.models import Portal, User

SYSTEM = "The system"
_LONGEST_DETAIL = 500


def record(
    *,
    portal: Portal,
    app: str,
    action: str,
    by: User | None,
    now: datetime,
    detail: str = "",
    from_state: str = "",
    to_state: str = "",
    organisation_name: str = "",
    is_problem: bool = False,
    correlation_id: uuid.UUID | None = None,
) -> AuditEvent:
    """Write one line of the trail.

    :param app: the connected app it is about, by the name it is registered with.
    :param action: upper-case name of the act, such as `RESYNC_REQUESTED`.
    :param by: None where the system acted by itself.
    :param detail: why or what, in words; cut at 500 characters.
    :param correlation_id: shared by the lines of one act; a new one where None.
    """
    return AuditEvent.objects.create(
        portal=portal,
        app=app,
        at=now,
        actor=by,
        actor_name=str(by) if by else SYSTEM,
        action=action,
        from_state=from_state,
        to_state=to_state,
        detail=detail[:_LONGEST_DETAIL],
        is_problem=is_problem,
        organisation_name=organisation_name,
        correlation_id=correlation_id or uuid.uuid4(),
    )
