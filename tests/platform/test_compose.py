"""docker-compose.yml, rule by rule for each service: who adds one without them meets a test."""

import re
from typing import Any

import pytest

from tests.support import processes
from tests.support.deployment_files import COMPOSE, SERVICES, pinned_image

NAMES = sorted(SERVICES)
PRODUCT = ("beat", "migrate", "web", "worker", "worker-bulk", "worker-hooks")
# Each of these is somebody's reason; everybody else gets nothing of it.
CAPABILITIES = {"proxy": {"NET_BIND_SERVICE"}}
NETWORKS = {
    "beat": {"broker"},
    "db": {"database"},
    "migrate": {"database"},
    "proxy": {"front", "outward"},
    "redis": {"broker"},
    "simulator": {"outward"},
    "web": {"broker", "database", "front", "outward"},
    "worker": {"broker", "database", "outward"},
    "worker-bulk": {"broker", "database", "outward"},
    "worker-hooks": {"broker", "database", "outward"},
}
_ALL_WORK = {"secret_key", "database_password", "redis_password", "token_encryption_keys"}
_WORKER = _ALL_WORK | {"xero_client_secret", "email_url"}
SECRETS: dict[str, set[str]] = {
    "beat": {"redis_password"},
    "db": {"postgres_password", "database_password"},
    "migrate": {"database_password"},
    "proxy": set(),
    "redis": {"redis_password"},
    "simulator": set(),
    "web": _WORKER | {"xero_webhook_keys", "metrics_token"},
    "worker": _WORKER,
    "worker-bulk": _WORKER,
    "worker-hooks": _ALL_WORK | {"email_url"},
}
# What a password, a key or a token may be called in an environment.
SECRET_WORDS = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|EMAIL_URL")
SIZE = {"m": 1, "g": 1024}


def networks_of(name: str) -> set[str]:
    """Return the networks that a service is in."""
    return set(SERVICES[name].get("networks", {}))


def folders_in_memory(service: dict[str, Any]) -> set[str]:
    """Return where a service may write without a volume."""
    return {entry.partition(":")[0] for entry in service.get("tmpfs", [])}


def seconds(text: str) -> int:
    """Return a duration of the compose file in seconds."""
    found = re.fullmatch(r"(\d+)s", text)
    assert found is not None, text
    return int(found[1])


def test_tables_here_know_every_service() -> None:
    assert set(NETWORKS) == set(SECRETS) == set(SERVICES)


@pytest.mark.parametrize("name", NAMES)
def test_service_cannot_write_to_its_root_and_gains_nothing(name: str) -> None:
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert set(service.get("cap_add", [])) == CAPABILITIES.get(name, set())
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "devices", "network_mode", "pid", "ipc", "cgroup_parent"} & set(
        service
    )
    assert "/tmp" in folders_in_memory(service)  # noqa: S108 - of a container


@pytest.mark.parametrize("name", NAMES)
def test_service_has_limits(name: str) -> None:
    service = SERVICES[name]
    size, unit = int(service["mem_limit"][:-1]), service["mem_limit"][-1]

    assert 0 < size * SIZE[unit] <= 1024
    assert 0 < service["pids_limit"] <= 500
    assert service["logging"]["driver"] == "json-file"
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])


@pytest.mark.parametrize("name", NAMES)
def test_service_stops_in_time(name: str) -> None:
    assert seconds(SERVICES[name]["stop_grace_period"]) < 30


@pytest.mark.parametrize("name", NAMES)
def test_service_is_only_in_the_networks_that_it_uses(name: str) -> None:
    assert networks_of(name) == NETWORKS[name]


def test_database_and_broker_reach_nobody_outside() -> None:
    reaching = {name for name, one in COMPOSE["networks"].items() if not one.get("internal")}

    assert reaching == {"outward"}
    assert not networks_of("db") & reaching
    assert not networks_of("redis") & reaching
    assert set(COMPOSE["networks"]) == set().union(*NETWORKS.values())


@pytest.mark.parametrize("name", NAMES)
def test_service_has_its_own_secrets_alone_and_as_files(name: str) -> None:
    service = SERVICES[name]
    environment = service.get("environment", {})
    named = {str(path).removeprefix("/run/secrets/") for path in environment.values()}

    assert set(service.get("secrets", [])) == SECRETS[name]
    # Each that it has is read by name, in the environment or in a command.
    commands = f"{service.get('command', '')}{service.get('healthcheck', '')}"
    unread = {one for one in SECRETS[name] if one not in named and one not in commands}
    assert unread - ({"database_password"} if name == "db" else set()) == set()
    # And what stands in the environment itself is no secret, nor a variable that may hold one.
    for key, value in environment.items():
        if SECRET_WORDS.search(key):
            is_made_up = value in COMPOSE["x-not-given"].values()
            assert str(value).startswith("/run/secrets/") or is_made_up, key


def test_secrets_are_files_that_nobody_commits() -> None:
    used = set().union(*SECRETS.values())

    assert {name: one["file"] for name, one in COMPOSE["secrets"].items()} == {
        name: f"./secrets/{name}" for name in used
    }
    for ignored in (".gitignore", ".dockerignore"):
        lines = (processes.ROOT / ignored).read_text().split()
        assert {"secrets", "secrets/"} & set(lines), ignored


@pytest.mark.parametrize("name", NAMES)
def test_image_is_pinned_to_a_version(name: str) -> None:
    service = SERVICES[name]
    if "build" in service:
        image = pinned_image(service["build"]["args"]["PYTHON_IMAGE"])
        assert f"ARG PYTHON_IMAGE={image}\n" in (processes.ROOT / "Dockerfile").read_text()
    else:
        image = pinned_image(service["image"])

    assert re.search(r":\d+\.\d+(\.\d+)?(-[a-z-]+)?(@sha256:[0-9a-f]{64})?$", image), image


@pytest.mark.parametrize("name", NAMES)
def test_only_the_proxy_is_open_to_others(name: str) -> None:
    open_to_all = [
        port for port in SERVICES[name].get("ports", []) if not port.startswith("127.0.0.1:")
    ]

    assert bool(open_to_all) == (name == "proxy")


def test_proxy_is_the_one_that_web_believes() -> None:
    address = SERVICES["proxy"]["networks"]["front"]["ipv4_address"]
    believed = SERVICES["web"]["environment"]["TRUSTED_PROXIES"]

    assert address in believed
    # Who copies the example overrides the compose file's own default.
    assert address in (processes.ROOT / ".env.example").read_text()
    assert "/12" not in believed
    assert "/16" not in believed


def test_broker_wants_a_password_and_keeps_what_it_counts() -> None:
    command = SERVICES["redis"]["command"][-1]

    assert "requirepass" in command
    assert "--requirepass" not in command, "processes of the container would show it"
    assert "--maxmemory-policy noeviction" in command
    limit = re.search(r"--maxmemory (\d+)mb", command)
    assert limit is not None
    assert int(limit[1]) < int(SERVICES["redis"]["mem_limit"][:-1])


def test_database_makes_a_user_that_is_no_superuser() -> None:
    mounted = [volume.split(":") for volume in SERVICES["db"]["volumes"]]
    script = next(source for source, target, *_ in mounted if "initdb.d" in target)

    assert SERVICES["db"]["environment"]["POSTGRES_USER"] == "postgres"
    assert "NOSUPERUSER NOCREATEDB NOCREATEROLE" in (processes.ROOT / script).read_text()
    for name in PRODUCT:
        assert "://lrm@db" in SERVICES[name]["environment"]["DATABASE_URL"]


@pytest.mark.parametrize("name", NAMES)
def test_volumes_from_this_repository_are_there_and_read_only(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source, _, *options = volume.split(":")
        if source.startswith("./"):
            assert options == ["ro"]
            assert (processes.ROOT / source).is_file()


def test_documents_stop_all_who_use_the_database_before_it_is_dropped() -> None:
    text = (processes.ROOT / "docs" / "operations.md").read_text()
    section = text.partition("## Backup and restore")[2]

    found = re.search(r"^docker compose stop (.*)\n(?:.*\n)*?.* dropdb ", section, re.M)

    assert found is not None
    users = {name for name in NAMES if "database" in networks_of(name)} - {"db", "migrate"}
    # Beat, too: it would wake workers that others have started again.
    assert set(found[1].split()) == users | {"beat"}
