"""Migrations since release 0.1 break no release that still runs: django-migration-linter looks."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.state import ProjectState
from django_migration_linter.sql_analyser.analyser import (
    analyse_sql_statements,
    get_sql_analyser_class,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
RELEASE = Path(__file__).with_name("release_0_1")
# Migrations that it takes for a break and that are none, each with the reason.
HARMLESS: dict[tuple[str, str], str] = {}


def released() -> set[tuple[str, str]]:
    """Return what the database of the release had applied: those are history."""
    dump = gzip.decompress((RELEASE / "database.sql.gz").read_bytes()).decode()
    table = dump.partition("INSERT INTO public.django_migrations VALUES")[2].partition(";")[0]
    return set(re.findall(r"\(\d+, '(\w+)', '(\w+)'", table))


def statements_of_new_ones() -> Iterator[tuple[tuple[str, str], list[str]]]:
    """Return the SQL of each of our migrations that a release has not had yet, in their order."""
    ours = {
        app.label for app in apps.get_app_configs() if Path(app.path).parent == settings.BASE_DIR
    }
    executor = MigrationExecutor(connection)
    old = released()
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True)
    state = ProjectState()
    for migration, _ in plan:
        key = (migration.app_label, migration.name)
        if key in old or migration.app_label not in ours:
            state = migration.mutate_state(state, preserve=False)
            continue
        with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            state = migration.apply(state, editor, collect_sql=True)
        yield key, list(editor.collected_sql)


@pytest.mark.django_db(transaction=True)
def test_new_migrations_break_no_release_before() -> None:
    analyser = get_sql_analyser_class(connection.vendor)
    looked_at, broken = 0, {}
    for key, statements in statements_of_new_ones():
        errors, _, _ = analyse_sql_statements(analyser, statements)
        looked_at += 1
        if errors:
            broken[key] = [one.message for one in errors]

    assert looked_at > 20
    assert set(broken) == set(HARMLESS), broken
