"""How many documents are quarantined, for the state of the connection."""

from datetime import datetime

from connected_apps import errors as connection_errors
from connected_apps.models import Connection
from connected_apps.states import states
from xero_sync.models import QuarantinedDocument


def recount(*, connection: Connection, organisation_id: int, now: datetime) -> None:
    """Let the connection's state say how many documents are quarantined."""
    count = QuarantinedDocument.objects.filter(organisation_id=organisation_id).count()
    before = Connection.objects.values_list("problem_count", flat=True).get(pk=connection.pk)
    if count == before:
        return
    trigger = states.Trigger.PROBLEMS_FOUND if count else states.Trigger.PROBLEMS_CLEARED
    plural = "document" if count == 1 else "documents"
    try:
        states.apply(
            connection_id=connection.pk,
            trigger=trigger,
            by=None,
            why=f"{count} {plural} could not be stored" if count else "All documents are stored",
            now=now,
            count=count,
            generation=connection.generation,
        )
    except (connection_errors.StaleGeneration, connection_errors.ImpossibleTransition):
        return
