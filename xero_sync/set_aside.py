"""Documents that could not be stored: kept with their raw JSON and the reason, and tried again.

One bad document never sinks a page. A row here goes away by itself when a later version of the
document can be stored.
"""

import hashlib
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

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
    with connection.cursor() as cursor:
        for element, reason in refused:
            raw = wire.dumps(element)
            identity, number = mapping.describe(resource, element)
            # By SQL, because the raw text goes into jsonb as it is, numbers and all.
            cursor.execute(
                """
                INSERT INTO xero_sync_setaside AS stored
                       (organisation_id, resource, identity, number, raw, reason, tries,
                        first_seen_at, last_tried_at)
                VALUES (%s, %s, %s, %s, %s::jsonb, %s, 1, %s, %s)
                ON CONFLICT (organisation_id, resource, identity) DO UPDATE
                   SET raw = EXCLUDED.raw, reason = EXCLUDED.reason, tries = stored.tries + 1,
                       last_tried_at = EXCLUDED.last_tried_at
                """,
                [
                    organisation_id,
                    resource.value,
                    identity or digest(raw),
                    number,
                    raw.decode(),
                    reason[:500],
                    now,
                    now,
                ],
            )
