"""What Dockerfile, compose file and `.env.example` say, and settings for production."""

import os
import re
from typing import Any

import yaml

from lrm import secret_files
from tests.support import processes

DOCKERFILE = (processes.ROOT / "Dockerfile").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load((processes.ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PRODUCTION = {
    "DEBUG": "False",
    "SECRET_KEY": "made-up-f7c2e0b94d1a86537f0c2b9e8d7a6154c3b2e1f0a9d8",
    "PUBLIC_URL": "https://lrm.example.com",
    "ALLOWED_HOSTS": "lrm.example.com",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:9/unused",
    "REDIS_URL": "redis://127.0.0.1:9/0",
    "TOKEN_ENCRYPTION_KEYS": "ZGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMtb2s=",
    "XERO_CLIENT_ID": "made-up",
    "XERO_CLIENT_SECRET": "made-up",
    "XERO_WEBHOOK_KEYS": "made-up",
}
# What the system itself needs to find programs; everything else comes from the test.
SYSTEM = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


def names_read_by_settings() -> set[str]:
    """Return the names that lrm/settings.py reads from the environment."""
    source = (processes.ROOT / "lrm" / "settings.py").read_text()
    read = r'(?:env\.\w+|required|service_url)\(\s*"([A-Z_]+)"'
    return {*re.findall(read, source), *secret_files.NAMES}


def names_in_example() -> set[str]:
    """Return the names that .env.example sets."""
    example = (processes.ROOT / ".env.example").read_text()
    return set(re.findall(r"^([A-Z_]+)=", example, re.M))


def pinned_image(image: str) -> str:
    """Return the image that a variable of the compose file falls back to."""
    found = re.fullmatch(r"\$\{[A-Z]+_IMAGE:-(\S+)\}", image)
    return found[1] if found else image


def pinned_version(image: str) -> str:
    """Return the tag of such an image."""
    return pinned_image(image).rpartition(":")[2]


def stage(name: str) -> str:
    """Return the lines of one build stage of the Dockerfile."""
    found = re.search(rf"^FROM \S+ AS {name}\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.M | re.S)
    assert found is not None
    return found.group(1)


def copied_folders() -> list[tuple[str, set[str]]]:
    """Return the folders that the production image has, and what each of them leaves out."""
    lines = re.findall(r"^COPY ((?:--exclude=\S+ )*)(\w+) \./\2$", stage("production"), re.M)
    return [(name, set(re.findall(r"--exclude=(\S+)", options))) for options, name in lines]
