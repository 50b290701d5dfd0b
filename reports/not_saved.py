"""Documents of Xero's that could not be saved here, named so that nobody misses them unawares."""

from collections.abc import Iterable
from dataclasses import dataclass

from connected_apps.models import Organisation
from invoices.models import Document, Kind
from xero_sync import resources
from xero_sync.models import QuarantinedDocument
from xero_sync.resources import Resource


@dataclass(frozen=True, slots=True)
class NotSaved:
    """A document of Xero's that could not be stored."""

    kind: str
    name: str
    reason: str
    # An older version of it is listed.
    is_listed: bool


def not_saved_of(organisation: Organisation) -> list[NotSaved]:
    """Return what could not be stored, what was tried last first."""
    rows = QuarantinedDocument.objects.filter(
        organisation=organisation, resource__in=resources.DOCUMENTS
    )
    found = list(rows.order_by("-last_tried_at").values("resource", "identity", "number", "reason"))
    identities = {one["identity"] for one in found}
    listed = {
        str(xero_id)
        for xero_id in Document.objects.filter(
            organisation=organisation, xero_id__in=_uuids(identities)
        ).values_list("xero_id", flat=True)
    }
    return [
        NotSaved(
            kind=Kind(str(resources.of(Resource(one["resource"])).kind)).label,
            name=one["number"] or "without a number",
            reason=one["reason"],
            is_listed=one["identity"].lower() in listed,
        )
        for one in found
    ]


def _uuids(texts: Iterable[str]) -> list[str]:
    # What had no id that could be read is known by a digest instead.
    return [text for text in texts if len(text) == 36 and text.count("-") == 4]
