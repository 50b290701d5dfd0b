"""The simulator's control calls: what a test sees and does behind Xero's back."""

from typing import Any

import requests

from tests.support import consent_pages, waiting


def get(url: str, path: str, /, **query: Any) -> Any:
    """Ask for something under /simulator/."""
    answer = requests.get(f"{url}/simulator/{path}", params=query, timeout=waiting.TIMEOUT)
    assert answer.status_code == 200, answer.text
    return answer.json()


def post(url: str, path: str, /, **given: Any) -> Any:
    """Do something under /simulator/."""
    answer = requests.post(f"{url}/simulator/{path}", json=given, timeout=waiting.TIMEOUT)
    assert answer.status_code == 200, answer.text
    return answer.json()


class SimulatorClient:
    """One simulator and what tests do with it most."""

    def __init__(self, url: str) -> None:
        self.url = url

    def show(self, path: str, **query: Any) -> Any:
        """Ask for something under /simulator/."""
        return get(self.url, path, **query)

    def do(self, path: str, **given: Any) -> Any:
        """Do something under /simulator/."""
        return post(self.url, path, **given)

    def fail(self, path: str, *, times: int = 1, method: str = "", **answer: Any) -> None:
        """Script an answer for the next calls of a path."""
        match = {"path": path} | ({"method": method} if method else {})
        self.do("faults", match=match, times=times, answer=answer)

    def heal(self) -> None:
        """Forget all scripted answers."""
        requests.delete(f"{self.url}/simulator/faults", timeout=waiting.TIMEOUT).raise_for_status()

    def calls(self, path: str, method: str = "") -> int:
        """Return how often a path was called."""
        return sum(
            path in call["path"].lower() and method in ("", call["method"])
            for call in self.show("calls")
        )

    def user(self, *, organisations: int) -> dict[str, Any]:
        """Return a Xero user who has so many organisations, or more."""
        users = self.show("users")
        return min(
            (user for user in users if len(user["tenant_ids"]) >= organisations),
            key=lambda user: len(user["tenant_ids"]),
        )

    def tenant(self, index: int) -> dict[str, Any]:
        """Return an organisation."""
        found: dict[str, Any] = self.show("organisations")[index]
        return found

    def connections(self) -> list[dict[str, Any]]:
        """Return what Xero holds as connected, for all its users."""
        listed: list[dict[str, Any]] = self.show("connections")
        return listed

    def consent(
        self,
        authorize_url: str,
        *,
        user: dict[str, Any],
        tenants: list[str],
        decision: str = "allow",
    ) -> str:
        """Go through Xero's pages and return the address the person is sent back to."""
        return consent_pages.walk(
            authorize_url, user_id=user["user_id"], tenants=tenants, decision=decision
        )
