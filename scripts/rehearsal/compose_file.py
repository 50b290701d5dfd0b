"""What `docker-compose.yml` and the Dockerfile say of each service, read without docker."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

# What is started, in the order in which each has what it depends on; stopped the other way round.
SERVICES = ("db", "redis", "web", "worker", "worker-bulk", "worker-hooks", "beat", "proxy")
_VARIABLE = re.compile(r"\$(?:\$|\{(?P<name>[A-Z_]+)(?::(?P<how>[-?])(?P<otherwise>[^}]*))?\})")


class NotSet(RuntimeError):
    """The compose file asks for a value that nobody gave; the message is its own."""


class ComposeFile:
    """The services of a checkout, with the values of its `.env`."""

    def __init__(self, root: Path, values: Mapping[str, str]) -> None:
        loaded: dict[str, Any] = yaml.safe_load((root / "docker-compose.yml").read_text())
        self._services: dict[str, dict[str, Any]] = loaded["services"]
        self._values = values
        self._dockerfile = (root / "Dockerfile").read_text()

    def command(self, service: str) -> list[str]:
        """Return what the service runs, of the image where the compose file names nothing."""
        own = self._services[service].get("command")
        if own is None:
            own = json.loads(re.findall(r"^CMD (\[.+\])$", self._dockerfile, re.M)[-1])
        return [self._filled_in(one) for one in own]

    def environment(self, service: str) -> dict[str, str]:
        """Return the environment that the service gets."""
        given = self._services[service].get("environment", {})
        return {name: self._filled_in(str(value)) for name, value in given.items()}

    def health_check(self, service: str) -> list[str]:
        """Return the command that says whether the service is well."""
        how, *words = self._services[service]["healthcheck"]["test"]
        words = [self._filled_in(one) for one in words]
        return ["sh", "-c", *words] if how == "CMD-SHELL" else words

    def patience(self, service: str) -> float:
        """Return how many seconds the service has to stop before it is killed."""
        return float(self._services[service]["stop_grace_period"].removesuffix("s"))

    def image_folders(self) -> list[tuple[str, set[str]]]:
        """Return the folders that the production image holds, and what each leaves out."""
        stage = self._dockerfile.rpartition(" AS production\n")[2]
        lines = re.findall(r"^COPY ((?:--exclude=\S+ )*)(\w+) \./\2$", stage, re.M)
        return [(name, set(re.findall(r"--exclude=\*\*/(\S+)", out))) for out, name in lines]

    def _filled_in(self, text: str) -> str:
        return _VARIABLE.sub(self._value_of, text)

    def _value_of(self, found: re.Match[str]) -> str:
        if found["name"] is None:
            return "$"
        value = self._values.get(found["name"], "")
        if not value and found["how"] == "?":
            raise NotSet(found["otherwise"])
        return value or found["otherwise"] or ""
