"""Up to when everything that was modified in Xero is here, by kind of document."""

from datetime import datetime

from xero_sync import resources
from xero_sync.models import Cursor
from xero_sync.resources import Resource


def by_kind(organisation_id: int) -> dict[str, datetime | None]:
    """Return it for each kind; None where it never was."""
    cursors = Cursor.objects.filter(organisation_id=organisation_id)
    through = dict(cursors.values_list("resource", "swept_through"))
    return {str(resources.of(Resource(one)).kind): through.get(one) for one in resources.DOCUMENTS}
