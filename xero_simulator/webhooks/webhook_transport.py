"""One POST to the receiver, and the intent-to-receive check, which is a series of them."""

import random
from dataclasses import asdict, dataclass
from typing import Any

import aiohttp

from xero_simulator.webhooks import webhook_payload

_MOST_BODY = 65_536


@dataclass(frozen=True)
class Reply:
    """What the receiver answered; status 0 with a `problem` where nothing came in time."""

    status: int
    body_size: int = 0
    sets_cookie: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Check:
    """One step of an intent-to-receive check and what was wrong with the answer, if anything."""

    signature: str
    expected: int
    status: int
    problem: str


@dataclass(frozen=True)
class Verdict:
    """The outcome of an intent-to-receive check."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Return whether every step was answered as Xero asks."""
        return not any(check.problem for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        """Return the verdict as plain values."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}


async def post(session: aiohttp.ClientSession, url: str, body: bytes, signature: str) -> Reply:
    """Send one signed body and wait for the whole answer as long as the session does."""
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        webhook_payload.SIGNATURE_HEADER: signature,
        "User-Agent": "Xero-Simulator-Webhooks",
    }
    try:
        async with session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
            content = await answer.content.read(_MOST_BODY)
            return Reply(answer.status, len(content), "Set-Cookie" in answer.headers)
    except TimeoutError:
        return Reply(0, problem=f"no answer within {session.timeout.total:g} seconds")
    except (aiohttp.ClientError, ValueError) as error:
        return Reply(0, problem=str(error) or type(error).__name__)


async def check_intent(
    session: aiohttp.ClientSession, url: str, key: str, rng: random.Random
) -> Verdict:
    """Ask whether the receiver checks signatures: good ones want 200, bad ones 401."""
    checks = []
    for kind in ("good", "other key", "good", "garbage", "good"):
        body = webhook_payload.intent_body(rng)
        reply = await post(session, url, body, _signature(kind, body, key))
        expected = 200 if kind == "good" else 401
        checks.append(Check(kind, expected, reply.status, _fault_of(reply, expected)))
    return Verdict(tuple(checks))


def _signature(kind: str, body: bytes, key: str) -> str:
    if kind == "garbage":
        return "this is no signature"
    return webhook_payload.signature_of(body, key if kind == "good" else f"not {key}")


def _fault_of(reply: Reply, expected: int) -> str:
    if reply.problem:
        return reply.problem
    if reply.status != expected:
        return f"answered {reply.status} instead of {expected}"
    if reply.body_size:
        return "the answer has a body"
    return "the answer sets a cookie" if reply.sets_cookie else ""
