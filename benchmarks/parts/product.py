"""A portal of the product connected to a simulator, made without a browser.

The consent is given over HTTP as a person would give it; its tokens are then attached by the
product's own service.
"""

import os
import re
import urllib.parse
import uuid
from datetime import UTC, datetime
from typing import Any

import django
import requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lrm.settings")
django.setup()

from django.conf import settings  # noqa: E402 - Django comes first
from django.db import transaction  # noqa: E402 - Django comes first

from connected_apps.lifecycle import attaching  # noqa: E402 - Django comes first
from connected_apps.models import Connection  # noqa: E402 - Django comes first
from connected_apps.oauth import identity, tokens  # noqa: E402 - Django comes first
from lrm.models import LrmRole, Portal, User  # noqa: E402 - Django comes first
from xero_sync.models import PushStart  # noqa: E402 - Django comes first

_REDIRECT = "http://localhost:8000/settings/connected-apps/xero/callback/"
_SECONDS = 60
# How many organisations one form can name.
_AT_ONCE = 500


def clock() -> datetime:
    """Read the clock."""
    return datetime.now(UTC)


def organisations() -> list[dict[str, Any]]:
    """Return the simulator's organisations."""
    return list(_show("organisations"))


def consent(tenant_ids: list[str]) -> dict[str, Any]:
    """Allow the app these organisations as the person who has all, and return the tokens."""
    asked = {
        "response_type": "code",
        "client_id": settings.XERO_CLIENT_ID,
        "redirect_uri": _REDIRECT,
        "scope": " ".join(settings.XERO_SCOPES),
        "state": "a-state",
        "acr_values": "bulk_connect:true",
    }
    user = max(_show("users"), key=lambda one: len(one["tenant_ids"]))
    simulator = settings.XERO_API_URL
    with requests.Session() as browser:
        page = browser.get(settings.XERO_AUTHORIZE_URL, params=asked, timeout=_SECONDS)
        found = re.search(r'name="flow" value="([^"]+)"', page.text)
        assert found is not None, page.text[:500]
        form: dict[str, Any] = {"flow": found[1], "user": user["user_id"]}
        browser.post(f"{simulator}/identity/sign-in", data=form, timeout=_SECONDS)
        form = {"flow": found[1], "tenant": tenant_ids, "decision": "allow"}
        back = browser.post(
            f"{simulator}/identity/consent", data=form, allow_redirects=False, timeout=_SECONDS
        )
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(back.headers["Location"]).query)
    answer = requests.post(
        f"{settings.XERO_IDENTITY_URL}/connect/token",
        data={
            "grant_type": "authorization_code",
            "code": query["code"][0],
            "redirect_uri": _REDIRECT,
        },
        auth=(settings.XERO_CLIENT_ID, settings.XERO_CLIENT_SECRET),
        timeout=_SECONDS,
    )
    answer.raise_for_status()
    pair: dict[str, Any] = answer.json()
    return pair


def connect(portals: int) -> list[Connection]:
    """Make so many portals, each connected to an organisation of its own, by one person.

    Their grants hold the same tokens, which is fine for as long as none of them is refreshed:
    half an hour of the simulator's clock.
    """
    chosen = [one["tenant_id"] for one in organisations()[:portals]]
    for start in range(0, len(chosen), _AT_ONCE):
        # The newest token reaches what the same person has allowed before.
        given = consent(chosen[start : start + _AT_ONCE])
    answer = requests.get(
        f"{settings.XERO_API_URL}/connections",
        headers={"Authorization": f"Bearer {given['access_token']}"},
        timeout=_SECONDS,
    )
    lines = {one["tenantId"]: one for one in answer.json()}
    pair = identity.TokenPair(
        access_token=given["access_token"],
        refresh_token=given["refresh_token"],
        life_seconds=given["expires_in"],
        scopes=given["scope"],
        xero_user_id="",
        xero_user_name="",
        authentication_event_id="",
    )
    return [_attach(number, lines[tenant], pair) for number, tenant in enumerate(chosen)]


def _attach(number: int, line: dict[str, Any], pair: identity.TokenPair) -> Connection:
    now = clock()
    portal = Portal.objects.create(name=f"Portal {number}", slug=f"portal-{number}")
    user = User.objects.create(
        username=f"admin{number}", portal=portal, is_portal_admin=True, lrm_role=LrmRole.ADMIN
    )
    grant = tokens.new_grant(portal_id=portal.pk, pair=pair, now=now)
    offer = attaching.Offer(
        uuid.UUID(line["id"]), uuid.UUID(line["tenantId"]), line["tenantName"], brand_new=True
    )
    with transaction.atomic():
        connection = attaching.attach(
            portal=portal, grant=grant, offer=offer, by=user, now=now, correlation_id=uuid.uuid4()
        )
        assert connection.organisation is not None
        # As if somebody had looked at the dry run and started.
        PushStart.objects.create(
            organisation=connection.organisation,
            started_at=now,
            started_by=user,
            by_name=str(user),
        )
    return connection


def _show(path: str) -> Any:
    return requests.get(f"{settings.XERO_API_URL}/simulator/{path}", timeout=_SECONDS).json()
