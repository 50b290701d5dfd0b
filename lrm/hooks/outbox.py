"""Writing down what is to be told, in the transaction that makes it true.

So nothing is told that was rolled back, and nothing that was committed is forgotten: a worker finds
the rows, whether or not the message that wakes it arrives.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from lrm import old_rows
from lrm.models import HookMessage
from lrm.waking import worker_tasks

# The log: what is still to be sent is no log yet.
TABLE = old_rows.Table(
    "lrm_hookmessage",
    "at",
    stays="state = 'WAITING' AND EXISTS (SELECT FROM lrm_hookendpoint endpoint"
    " WHERE endpoint.id = endpoint_id AND endpoint.is_on)",
)
# Whether an `endpoint` gets a type, which is its parameter.
WANTS = "(endpoint.types IS NULL OR %s = ANY (endpoint.types))"
_LISTENING = f"""
    SELECT id FROM lrm_hookendpoint endpoint WHERE portal_id = %s AND is_on AND {WANTS}
     ORDER BY id FOR KEY SHARE
"""  # noqa: S608 - of the text above
# Of an endpoint, by its id.
SEND = worker_tasks.WorkerTask("lrm.tasks.send_hooks", worker_tasks.HOOKS)


@dataclass(frozen=True)
class Thing:
    """What a message is about: no name of a person and no amount, those are asked for by API.

    :param path: its address in the API, from the first slash on.
    """

    id: int
    kind: str
    path: str
    number: str | None = None
    learner_id: int | None = None

    @property
    def data(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {
            "id": self.id,
            "kind": self.kind,
            "number": self.number,
            "learner_id": self.learner_id,
            "path": self.path,
        }


def note(*, portal_id: int, type: str, things: Sequence[Thing], now: datetime) -> int:
    """Write a message about each thing for each endpoint that gets the type; return how many.

    Inside the caller's transaction: one look-up in an index where nobody listens, one INSERT more
    where somebody does, however many things there are.
    """
    endpoint_ids = _listening(portal_id, type)
    return write(endpoint_ids, type=type, things=things, now=now) if endpoint_ids else 0


def write(endpoint_ids: Iterable[int], *, type: str, things: Sequence[Thing], now: datetime) -> int:
    """Write a message about each thing for each of these endpoints, and wake their workers."""
    ids = list(endpoint_ids)
    rows = [
        HookMessage(
            endpoint_id=endpoint_id,
            message_id=uuid.uuid4(),
            type=type,
            at=now,
            data=thing.data,
            waits_since=now,
            due_at=now,
        )
        for endpoint_id in ids
        for thing in things
    ]
    HookMessage.objects.bulk_create(rows)
    for endpoint_id in ids:
        SEND.wake(endpoint_id)
    return len(rows)


def _listening(portal_id: int, type: str) -> list[int]:
    """Return who listens to a type; none of them is deleted before the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute(_LISTENING, [portal_id, type])
        return [row[0] for row in cursor.fetchall()]
