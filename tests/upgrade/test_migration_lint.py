"""Migrations since release 0.1 break no release that still runs: django-migration-linter looks."""

import gzip
import re
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django_migration_linter import MigrationLinter

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
RELEASE = Path(__file__).with_name("release_0_1")
# Migrations that it takes for a break and that are none, each with the reason.
HARMLESS: dict[tuple[str, str], str] = {}


def released() -> set[tuple[str, str]]:
    """Return what the database of the release had applied: those are history."""
    dump = gzip.decompress((RELEASE / "database.sql.gz").read_bytes()).decode()
    table = dump.partition("INSERT INTO public.django_migrations VALUES")[2].partition(";")[0]
    return set(re.findall(r"\(\d+, '(\w+)', '(\w+)'", table))


def new_migrations() -> list[tuple[str, str]]:
    """Return our own that a release has not had yet."""
    ours = {
        app.label for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR
    }
    loader = MigrationLoader(connection)
    return sorted(key for key in loader.disk_migrations if key[0] in ours and key not in released())


@pytest.mark.django_db(transaction=True)
def test_new_migrations_break_no_release_before() -> None:
    linter = MigrationLinter(str(settings.BASE_DIR), no_cache=True, no_output=True)
    migrations = MigrationLoader(connection).disk_migrations
    broken = {}
    for key in new_migrations():
        before = linter.nb_erroneous
        linter.lint_migration(migrations[key])
        if linter.nb_erroneous > before:
            broken[key] = "see `sqlmigrate`: it drops, renames or narrows what the old release uses"

    assert linter.nb_total > 20
    assert set(broken) == set(HARMLESS), broken
