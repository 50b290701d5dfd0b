"""The version stands in one place, and the changelog tells what is in it."""

import re
import tomllib
from datetime import date

from django.utils.module_loading import import_string

from lrm import version
from tests.support import processes

HEADING = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\S+)$", re.M)


def released() -> list[tuple[str, str]]:
    """Return the versions of the changelog with their days, as they stand from top to bottom."""
    return HEADING.findall((processes.ROOT / "CHANGELOG.md").read_text())


def test_newest_release_of_the_changelog_is_the_version() -> None:
    assert released()[0][0] == version.VERSION


def test_changelog_lists_releases_from_new_to_old_on_real_days() -> None:
    numbers = [tuple(int(part) for part in number.split(".")) for number, _ in released()]
    days = [date.fromisoformat(day) for _, day in released()]

    assert numbers == sorted(set(numbers), reverse=True)
    assert days == sorted(days, reverse=True)


def test_changelog_has_a_place_for_what_comes_next() -> None:
    first = re.search(r"^## (.+)$", (processes.ROOT / "CHANGELOG.md").read_text(), re.M)

    assert first is not None
    assert first.group(1) == "[Unreleased]"


def test_project_reads_its_version_from_the_same_place() -> None:
    project = tomllib.loads((processes.ROOT / "pyproject.toml").read_text())
    source = project["tool"]["setuptools"]["dynamic"]["version"]["attr"]

    assert project["project"]["dynamic"] == ["version"]
    assert import_string(source) == version.VERSION
