"""The door that webhooks come in by: whatever is thrown at it, and what comes after."""

import json
from pathlib import Path

import hypothesis
import pytest
from hypothesis import strategies as st

from tests.support import webhook_posts
from tests.support.linked import clock
from tests.support.web_process import Answer, Web
from xero_sync.models import Delivery
from xero_sync.webhooks import deliveries

ADDRESS = "/webhooks/xero/"
KEY = "demo-webhook-key"
_MEGABYTE = 2**20

BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from([b"", b"[" * 100_000, b"{}", b"null", b'{"events": 1}', b"\x00" * 1000]),
    st.recursive(
        st.one_of(st.none(), st.integers(), st.text(max_size=5), st.floats()),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(["events", "resourceId", "tenantId", "eventCategory", "x"]),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=10,
    ).map(lambda value: json.dumps(value).encode()),
)
SIGNATURES = st.one_of(
    st.none(),
    st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=255), max_size=60),
    st.just("A" * 43 + "="),
    st.just("=" * 10_000),
)


def throw(web: Web, body: bytes, signature: str | None, path: str = ADDRESS) -> Answer:
    """Post a body with whatever stands for its signature."""
    headers = {"Content-Type": "application/json"}
    if signature is not None:
        headers["x-xero-signature"] = signature
    return web.send("POST", path, body, headers)


def memory_of(pid: int) -> int:
    """Return the resident bytes of a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = [int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in [pid, *children]]
    return sum(pages) * 4096


@pytest.mark.timeout(3600)
def test_nothing_unsigned_is_stored_when_anything_is_thrown_at_the_door(
    web: Web, fuzz_requests: int
) -> None:
    before = memory_of(web.pid)
    odd: list[str] = []

    @hypothesis.settings(
        max_examples=fuzz_requests,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(BODIES, SIGNATURES)
    def attack(body: bytes, signature: str | None) -> None:
        status = throw(web, body, signature).status
        if status not in {400, 401, 403, 413, 431}:
            odd.append(f"{status}: {body[:80]!r} {signature!r}")

    attack()

    assert odd == []
    assert not Delivery.objects.exists()
    assert memory_of(web.pid) - before < 100 * _MEGABYTE


@pytest.mark.timeout(3600)
def test_later_deliveries_are_unpacked_when_earlier_ones_are_signed_nonsense(
    web: Web, fuzz_requests: int
) -> None:
    refused: list[bytes] = []

    @hypothesis.settings(
        max_examples=max(20, fuzz_requests // 10),
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(BODIES)
    def send(body: bytes) -> None:
        if throw(web, body, webhook_posts.sign(body, KEY)).status != 200:
            refused.append(body)

    send()
    last = webhook_posts.envelope({"eventCategory": "INVOICE"})
    assert throw(web, last, webhook_posts.sign(last, KEY)).status == 200
    deliveries.unpack(now=clock())

    assert refused == []
    assert not Delivery.objects.filter(unpacked_at=None).exists()
