"""Documents that could not be stored: kept with their raw JSON and the reason, and tried again.

One bad document never sinks a page. A row here goes away by itself when a later version of the
document can be stored.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import DataError, connection, transaction

from xero_sync import mapping, wire
from xero_sync.models import Resource, SetAside


def digest(raw: bytes) -> str:
    """Return a short fingerprint of the raw JSON, as hexadecimal digits."""
    return hashlib.blake2b(raw, digest_size=16).hexdigest()


def record(
    organisation_id: int,
    resource: Resource,
    refused: list[tuple[mapping.Element, str]],
    stored: Iterable[str],
    now: datetime,
) -> None:
    """Keep what could not be stored with its raw form and the reason; forget what now could."""
    aside = SetAside.objects.filter(organisation_id=organisation_id, resource=resource)
    if (identities := list(stored)) and aside.exists():
        aside.filter(identity__in=identities).delete()
    for element, reason in refused:
        raw = wire.dumps(element)
        identity, number = mapping.describe(resource, element)
        row = [organisation_id, resource.value, identity or digest(raw), number, reason[:500], now]
        try:
            with transaction.atomic():
                _insert(row, raw)
        except DataError:
            # Good JSON that jsonb cannot hold: kept as text.
            _insert(row, wire.dumps(raw.decode()))


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
