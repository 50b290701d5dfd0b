"""Documents that could not be stored: kept with their raw JSON and the reason, and tried again.

One bad document never sinks a page. Its row is deleted once a later version can be stored.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError, connection, transaction
from django.db.models import QuerySet

from invoices.models import Contact, Document
from xero_sync import resources
from xero_sync.api import json_codec
from xero_sync.models import QuarantinedDocument
from xero_sync.resources import Resource
from xero_sync.store import contact_privacy, mapping

# The member of what stands in the place of a row that Xero could not give (`pull.not_given`).
NOT_GIVEN = "NotGiven"
# Less than a day, as the daily count is not always at the same time of it.
_AGAIN_AFTER = timedelta(hours=20)
_UUID = r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$"


def named(organisation_id: int, resource: Resource) -> QuerySet[QuarantinedDocument]:
    """Return the quarantined elements that have an id, by which Xero can be asked for them."""
    return _of(organisation_id, resource).filter(identity__regex=_UUID)


def nameless(organisation_id: int, resource: Resource) -> QuerySet[QuarantinedDocument]:
    """Return those without an id. Nothing tells whether they came again since with one."""
    return _of(organisation_id, resource).exclude(identity__regex=_UUID)


@dataclass(frozen=True)
class NotGiven:
    """What stands in the place of a row that Xero could not give.

    It tells nothing of its own: two lists may have met the same row, and an older version of it may
    be stored. `since` is since when the list told of changes; None where it told of all.
    """

    pk: int
    since: datetime | None
    tried_at: datetime

    def is_due(self, now: datetime) -> bool:
        """Return whether it is to be looked for anew, which is once a day."""
        return self.tried_at < now - _AGAIN_AFTER


def not_given(organisation_id: int, resource: Resource) -> list[NotGiven]:
    """Return what stands in the place of rows that Xero could not give."""
    rows = nameless(organisation_id, resource).filter(raw__has_key=NOT_GIVEN)
    return [
        NotGiven(pk, datetime.fromisoformat(since) if since else None, tried_at)
        for pk, since, tried_at in rows.values_list(
            "pk", f"raw__{NOT_GIVEN}__since", "last_tried_at"
        )
    ]


def forget(rows: Iterable[NotGiven]) -> None:
    """Forget rows that Xero could not give, once they are looked for anew."""
    QuarantinedDocument.objects.filter(pk__in=[one.pk for one in rows]).delete()


def has_id(identity: str) -> bool:
    """Return whether Xero can be asked for a quarantined element by this."""
    return re.fullmatch(_UUID, identity) is not None


def missing_count(organisation_id: int, resource: Resource) -> int:
    """Return how many quarantined elements have no version stored at all."""
    ids = list(named(organisation_id, resource).values_list("identity", flat=True))
    stored = _stored(organisation_id, resource, ids)
    return len(ids) - stored.count() + nameless(organisation_id, resource).count()


def _stored(
    organisation_id: int, resource: Resource, ids: Sequence[str]
) -> QuerySet[Contact] | QuerySet[Document]:
    if resource is Resource.CONTACT:
        return Contact.objects.filter(organisation_id=organisation_id, xero_id__in=ids)
    return Document.objects.filter(
        organisation_id=organisation_id, kind=resources.of(resource).kind, xero_id__in=ids
    )


def _of(organisation_id: int, resource: Resource) -> QuerySet[QuarantinedDocument]:
    return QuarantinedDocument.objects.filter(organisation_id=organisation_id, resource=resource)


def digest(raw: bytes) -> str:
    """Return a short fingerprint of the raw JSON, as hexadecimal digits."""
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def record(
    *,
    organisation_id: int,
    resource: Resource,
    refused: list[tuple[mapping.Element, str]],
    stored: Iterable[str],
    now: datetime,
) -> int:
    """Quarantine what could not be stored, and release what now could be.

    :param refused: elements, each with the reason why it could not be stored.
    :param stored: the ids of what could be stored.
    :returns: how many of the refused have no version stored at all.
    """
    rows = QuarantinedDocument.objects.filter(organisation_id=organisation_id, resource=resource)
    if (identities := list(stored)) and rows.exists():
        rows.filter(identity__in=identities).delete()
    missing: set[str] = set()
    for element, reason in refused:
        if resource is Resource.CONTACT and isinstance(element, dict):
            element = contact_privacy.without_private(element)
        raw = json_codec.dumps(element)
        identity, number = mapping.describe(resource, element)
        if not _is_stored(organisation_id, resource, identity):
            missing.add(identity or digest(raw))
        row = [organisation_id, resource.value, identity or digest(raw), number, reason[:500], now]
        as_text = json_codec.dumps(raw.decode())
        try:
            with transaction.atomic():
                _insert(row, as_text if json_codec.has_giant(raw, element) else raw)
        except DataError:
            # Good JSON that jsonb cannot hold.
            _insert(row, as_text)
    return len(missing)


def _is_stored(organisation_id: int, resource: Resource, identity: str) -> bool:
    if json_codec.uuid_or_none(identity) is None:
        return False
    return _stored(organisation_id, resource, [identity]).exists()


def _insert(row: list[Any], raw: bytes) -> None:
    # By SQL, because the raw text goes into jsonb as it is, numbers and all.
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO xero_sync_setaside AS stored
                   (organisation_id, resource, identity, number, reason, last_tried_at,
                    first_seen_at, raw, tries)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s::jsonb, 1)
            ON CONFLICT (organisation_id, resource, identity) DO UPDATE
               SET raw = EXCLUDED.raw, reason = EXCLUDED.reason, tries = stored.tries + 1,
                   last_tried_at = EXCLUDED.last_tried_at
            """,
            [*row, row[-1], raw.decode()],
        )
