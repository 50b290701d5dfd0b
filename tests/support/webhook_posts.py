"""Webhooks delivered as Xero delivers them: signed, over HTTP, several events in one."""

import base64
import hashlib
import hmac
import json
from typing import Any

from django.test import Client

from tests.support.linked import Linked

ADDRESS = "/webhooks/xero/"
KEYS = ["newest-key", "older-key"]


def sign(body: bytes, key: str = KEYS[0]) -> str:
    """Return the signature Xero would send."""
    return base64.b64encode(hmac.new(key.encode(), body, hashlib.sha256).digest()).decode()


def post(body: bytes, signature: str) -> Any:
    """Deliver a body as Xero does, with CSRF checks on."""
    return Client(enforce_csrf_checks=True).post(
        ADDRESS, body, content_type="application/json", headers={"x-xero-signature": signature}
    )


def envelope(*named: dict[str, Any]) -> bytes:
    """Return a delivery's body."""
    body = {"events": list(named), "firstEventSequence": 1, "lastEventSequence": len(named)}
    return json.dumps({**body, "entropy": "MADEUPENTROPY"}).encode()


def event(linked: Linked, category: str, resource_id: str, **other: Any) -> dict[str, Any]:
    """Return one event as Xero writes it."""
    return {
        "resourceUrl": f"https://api.xero.com/api.xro/2.0/{category}/{resource_id}",
        "resourceId": resource_id,
        "eventDateUtc": "2026-11-02T01:15:39.902",
        "eventType": "UPDATE",
        "eventCategory": category,
        "tenantId": linked.tenant,
        "tenantType": "ORGANISATION",
        **other,
    }


def deliver(*named: dict[str, Any]) -> None:
    """Deliver events with a good signature."""
    body = envelope(*named)
    assert post(body, sign(body)).status_code == 200
