"""Documents that could not be stored: kept with their raw JSON and the reason, and tried again.

One bad document never sinks a page. A row here goes away by itself when a later version of the
document can be stored.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime

from django.db import connection

from xero_sync import mapping
from xero_sync.models import Resource, SetAside

# An escaped NUL, unless the backslash before it is itself escaped.
_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def digest(raw: str) -> str:
    """Return a short fingerprint of the raw JSON, in the form that COPY takes for bytea."""
    return "\\x" + hashlib.blake2b(raw.encode(), digest_size=16).hexdigest()


def storable(raw: str) -> str:
    """Return JSON that jsonb accepts: PostgreSQL has no NUL character."""
    return _ESCAPED_NUL.sub(r"\1", raw) if "\\u0000" in raw else raw


def record(
    organisation_id: int,
    resource: Resource,
    refused: list[tuple[mapping.Source, str]],
    stored: Iterable[str],
    now: datetime,
) -> None:
    """Keep what could not be stored with its raw form and the reason; forget what now could."""
    aside = SetAside.objects.filter(organisation_id=organisation_id, resource=resource)
    if (identities := list(stored)) and aside.exists():
        aside.filter(identity__in=identities).delete()
    with connection.cursor() as cursor:
        for (element, raw), reason in refused:
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
                    identity or digest(raw)[2:],
                    number,
                    storable(raw),
                    reason[:500],
                    now,
                    now,
                ],
            )
