"""What a webhook carries: events, bodies and signatures, letter for letter as Xero sends them."""

import base64
import hashlib
import hmac
import json
import random
import string
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from xero_simulator.simulations import Change

COLLECTION_OF_CATEGORY = {
    "INVOICE": "Invoices",
    "CONTACT": "Contacts",
    "CREDITNOTE": "CreditNotes",
    "PREPAYMENT": "Prepayments",
    "OVERPAYMENT": "Overpayments",
    "PAYMENT": "Payments",
}
SIGNATURE_HEADER = "x-xero-signature"


@dataclass(frozen=True)
class Event:
    """One event with its place in the subscription's order.

    :param due_at: when it may leave; later than it happened only where a test delays deliveries.
    """

    sequence: int
    happened_at: datetime
    due_at: datetime
    content: dict[str, Any]


def content_of(change: Change, *, public_url: str, tenant_type: str) -> dict[str, Any]:
    """Return a change as an event object; the newer categories carry `data`."""
    collection = COLLECTION_OF_CATEGORY[change.category]
    content = {
        "resourceUrl": f"{public_url}/api.xro/2.0/{collection}/{change.resource_id}",
        "resourceId": change.resource_id,
        "tenantId": change.tenant_id,
        "tenantType": tenant_type,
        "eventCategory": change.category,
        "eventType": change.event_type,
        "eventDateUtc": _stamp(change.at),
    }
    return content if change.data is None else content | {"data": change.data}


def made_up_content(given: Mapping[str, Any], *, at: datetime, public_url: str) -> dict[str, Any]:
    """Return an event that nothing in the books stands for, with what is given of it.

    Such are events of the app's own subscriptions, whose tenant is the app, and those of a category
    that is new.
    """
    resource_id = str(given.get("resourceId") or uuid.uuid4())
    return {
        "resourceUrl": f"{public_url}/{given['eventCategory'].lower()}/{resource_id}",
        "resourceId": resource_id,
        "tenantType": "ORGANISATION",
        "eventType": "UPDATE",
        "eventDateUtc": _stamp(at),
        **given,
    }


def body_of(events: Sequence[Event], rng: random.Random) -> bytes:
    """Return the raw body of one POST, now and then with odd but valid spacing.

    The signature covers the bytes, so a receiver that parses and writes them again before it
    checks is found out by the spacing.
    """
    numbers = [event.sequence for event in events]
    content = {
        "events": [event.content for event in events],
        "firstEventSequence": min(numbers),
        "lastEventSequence": max(numbers),
        "entropy": entropy(rng),
    }
    return _written(content, rng)


def intent_body(rng: random.Random) -> bytes:
    """Return the body of an intent-to-receive check: no events, sequences of zero."""
    content = {
        "events": [],
        "lastEventSequence": 0,
        "firstEventSequence": 0,
        "entropy": entropy(rng),
    }
    return _written(content, rng)


def entropy(rng: random.Random) -> str:
    """Return the twenty capital letters that make every body different."""
    return "".join(rng.choices(string.ascii_uppercase, k=20))


def signature_of(body: bytes, key: str) -> str:
    """Return the signature: base64 of HMAC-SHA256 over the raw body, keyed by the text itself."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant:%f}"[:3]


def _written(content: dict[str, Any], rng: random.Random) -> bytes:
    style = rng.random()
    if style < 0.8:
        return json.dumps(content, separators=(",", ":")).encode()
    if style < 0.9:
        return json.dumps(content, separators=(" ,", " : ")).encode() + b"\r\n"
    return b" " + json.dumps(content, indent=2).replace("\n", "\r\n").encode()
