"""Whether what Xero lists is here in that version or a later one, looked up after it was stored.

The writer decides by itself what is newer. This asks the rows, so that a mistake of the writer does
not prove itself.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from invoices.models import Document
from xero_sync import resources
from xero_sync.models import QuarantinedDocument
from xero_sync.resources import Resource
from xero_sync.store import field_parsers, mapping


def older_here(*, organisation_id: int, resource: Resource, elements: Iterable[Any]) -> list[str]:
    """Name the documents that are here in an older version than these of Xero's.

    What is not here at all is counted elsewhere, and what could not be saved is told with its
    reason.
    """
    listed = dict(filter(None, (_version_of(resource, element) for element in elements)))
    stored = Document.objects.filter(
        organisation_id=organisation_id,
        kind=resources.of(resource).kind,
        xero_id__in=listed,
    ).values_list("xero_id", "updated_at", "number")
    older = {
        str(xero_id): number
        for xero_id, updated_at, number in stored
        if updated_at < listed[str(xero_id)]
    }
    if not older:
        return []
    told = QuarantinedDocument.objects.filter(
        organisation_id=organisation_id, resource=resource, identity__in=older
    ).values_list("identity", flat=True)
    return [
        f"{number or xero_id} is here in an older version than Xero lists"
        for xero_id, number in older.items()
        if xero_id not in set(told)
    ]


def _version_of(resource: Resource, element: Any) -> tuple[str, datetime] | None:
    if not isinstance(element, dict):
        return None
    try:
        xero_id = field_parsers.identifier(mapping.describe(resource, element)[0])
        updated_at = field_parsers.instant(element.get("UpdatedDateUTC"))
    except field_parsers.Unmappable:
        return None
    return (xero_id, updated_at) if xero_id and updated_at else None
