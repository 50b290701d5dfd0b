"""Xero's two pages of consent, answered by plain form posts: signing in, then choosing."""

import re
from urllib.parse import urlsplit

import requests

from tests.support import waiting


def sign_in(page: requests.Response, *, user_id: str) -> tuple[str, requests.Response]:
    """Sign in on the page that was opened, and return the flow's id and the page of consent."""
    found = re.search(r'name="flow" value="([^"]+)"', page.text)
    assert found is not None, page.text
    flow = found[1]
    consent_page = requests.post(
        f"{_origin(page.url)}/identity/sign-in",
        data={"flow": flow, "user": user_id},
        timeout=waiting.TIMEOUT,
    )
    return flow, consent_page


def decide(url: str, flow: str, *, tenants: list[str], decision: str) -> requests.Response:
    """Press a button on the page of consent."""
    return requests.post(
        f"{url}/identity/consent",
        data={"flow": flow, "tenant": tenants, "decision": decision},
        allow_redirects=False,
        timeout=waiting.TIMEOUT,
    )


def walk(
    authorize_url: str,
    *,
    user_id: str,
    tenants: list[str],
    decision: str = "allow",
    headers: dict[str, str] | None = None,
) -> str:
    """Go through both pages and return the address the person is sent back to.

    :param headers: sent with the address, where a test has made it and not the product.
    """
    page = requests.get(
        authorize_url, headers=headers, allow_redirects=False, timeout=waiting.TIMEOUT
    )
    flow, _ = sign_in(page, user_id=user_id)
    answer = decide(_origin(authorize_url), flow, tenants=tenants, decision=decision)
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
