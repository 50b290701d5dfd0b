"""`load URL COUNT AT_ONCE KEY`: POST signed webhooks from a process of its own, and time them.

So many are on their way at any moment, each over a connection that is kept. Bodies are made and
signed beforehand, so that the sender is not what is measured. Prints how many were answered 200,
the seconds of all of it, and every answer's milliseconds.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
import uuid
from collections.abc import Iterator

import aiohttp


def bodies(count: int, key: str) -> list[tuple[bytes, str]]:
    """Return so many deliveries, each of one event, with their signatures."""
    made = []
    for number in range(count):
        resource, tenant = uuid.uuid4(), uuid.UUID(int=7)
        event = {
            "resourceUrl": f"https://api.xero.com/api.xro/2.0/Invoices/{resource}",
            "resourceId": str(resource),
            "eventDateUtc": "2026-11-02T01:15:39.902",
            "eventType": "UPDATE",
            "eventCategory": "INVOICE",
            "tenantId": str(tenant),
            "tenantType": "ORGANISATION",
        }
        body = json.dumps(
            {
                "events": [event],
                "firstEventSequence": number,
                "lastEventSequence": number,
                "entropy": uuid.uuid4().hex.upper()[:20],
            }
        ).encode()
        digest = hmac.new(key.encode(), body, hashlib.sha256).digest()
        made.append((body, base64.b64encode(digest).decode()))
    return made


async def send(url: str, waiting: Iterator[tuple[bytes, str]], at_once: int) -> list[float]:
    """Send everything; return the milliseconds of those answered 200."""
    taken: list[float] = []

    async def one_after_the_other(session: aiohttp.ClientSession) -> None:
        for body, signature in waiting:
            began = time.perf_counter()
            headers = {"x-xero-signature": signature, "Content-Type": "application/json"}
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()
            if answer.status == 200:
                taken.append((time.perf_counter() - began) * 1000)

    connector = aiohttp.TCPConnector(limit=at_once)
    async with aiohttp.ClientSession(connector=connector) as session:
        await asyncio.gather(*(one_after_the_other(session) for _ in range(at_once)))
    return taken


def main(url: str, count: int, at_once: int, key: str) -> None:
    """Measure one burst."""
    made = bodies(count, key)
    asyncio.run(send(url, iter(bodies(at_once, key)), at_once))
    began = time.perf_counter()
    taken = asyncio.run(send(url, iter(made), at_once))
    seconds = time.perf_counter() - began
    print(json.dumps({"answered": len(taken), "seconds": seconds, "milliseconds": taken}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
