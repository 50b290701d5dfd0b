"""Control calls to the simulator, many a second: over one connection, and none twice in vain."""

from typing import Any

import requests

from tests.support import waiting
from tests.support.simulator_client import SimulatorClient

# What no example changes.
_STAYS = ("users", "organisations")


class XeroLine(SimulatorClient):
    """A line to one simulator that is kept open."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._session = requests.Session()
        # Neither a proxy nor a password of this machine's is looked for, for each call.
        self._session.trust_env = False
        self._known: dict[str, Any] = {}

    def show(self, path: str, **query: Any) -> Any:
        """Ask for something under /simulator/, unless it is known and stays."""
        if path in self._known:
            return self._known[path]
        found = self._send("GET", path, params=query).json()
        if path in _STAYS:
            self._known[path] = found
        return found

    def do(self, path: str, **given: Any) -> Any:
        """Do something under /simulator/."""
        return self._send("POST", path, json=given).json()

    def heal(self) -> None:
        """Forget all scripted answers."""
        self._send("DELETE", "faults")

    def try_to_do(self, path: str, **given: Any) -> requests.Response:
        """Do something under /simulator/ that Xero may refuse."""
        return self._ask("POST", path, json=given)

    def close(self) -> None:
        """Hang up."""
        self._session.close()

    def _send(self, method: str, path: str, **given: Any) -> requests.Response:
        answer = self._ask(method, path, **given)
        assert answer.status_code == 200, answer.text
        return answer

    def _ask(self, method: str, path: str, **given: Any) -> requests.Response:
        address = f"{self.url}/simulator/{path}"
        return self._session.request(method, address, timeout=waiting.TIMEOUT, **given)
