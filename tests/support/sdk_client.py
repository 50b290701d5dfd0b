"""A client of the simulator, what it reads and writes, and what a call that fails becomes."""

import dataclasses
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import simulator_process
from xero_sync.api import client, errors, responses
from xero_sync.resources import Resource

Call = Callable[[client.XeroClient], responses.Page]


@dataclasses.dataclass(frozen=True)
class Xero:
    """A client of the simulator, and the simulator."""

    client: client.XeroClient
    person: simulator_process.Person

    def fault(self, answer: dict[str, Any], times: int = 1) -> None:
        """Script what becomes of the next call."""
        script = {"match": {}, "times": times, "answer": answer}
        simulator_process.control(self.person.url, "faults", script)

    def calls(self) -> list[dict[str, Any]]:
        """Return the accounting calls that arrived."""
        seen = simulator_process.control(self.person.url, "calls")
        return [one for one in seen if one["path"].startswith("/api.xro/")]

    def books(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the documents of a kind as the simulator has them, by id."""
        found = simulator_process.control(self.person.url, f"books?tenant={self.person.tenant_id}")
        return {one["xero_id"]: one for one in found["documents"] if one["kind"] == kind}

    def contacts(self) -> list[dict[str, Any]]:
        """Return the contacts as the simulator has them."""
        found = simulator_process.control(self.person.url, f"books?tenant={self.person.tenant_id}")
        contacts: list[dict[str, Any]] = found["contacts"]
        return contacts


def client_of(person: simulator_process.Person) -> client.XeroClient:
    """Return a client that calls as this person."""
    return client.XeroClient(
        tenant_id=uuid.UUID(person.tenant_id), access_token=person.tokens["access_token"]
    )


def read(xero: client.XeroClient) -> responses.Page:
    """Read a small page."""
    return xero.list_page(Resource.INVOICE, page=1, page_size=5)


def write(xero: client.XeroClient) -> responses.Page:
    """Write a contact."""
    contact = {"Name": "Robin Made-Up", "ContactNumber": "T-777"}
    return xero.upsert_contacts([contact], idempotency_key=uuid.uuid4().hex)


def failure_of(call: Call, xero: client.XeroClient) -> errors.XeroError:
    """Return what a call that must fail raises."""
    with pytest.raises(errors.XeroError) as caught:
        call(xero)
    return caught.value
