"""PostgreSQL compiles none of our statements: that takes longer than any of them works."""

from collections.abc import Iterator

import pytest
from django.db import connection

from lrm.watching import checkups
from lrm.watching.checkups import Level


def jit() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW jit")
        return str(cursor.fetchone()[0])


@pytest.fixture
def told_nothing(transactional_db: None) -> Iterator[None]:
    """Connect as through a pooler, which takes no options at the start."""
    own = connection.settings_dict["OPTIONS"]
    connection.close()
    connection.settings_dict["OPTIONS"] = {
        name: value for name, value in own.items() if name != "options"
    }
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["OPTIONS"] = own


@pytest.mark.django_db
def test_connections_ask_for_no_compiled_statements() -> None:
    assert jit() == "off"


@pytest.mark.usefixtures("told_nothing")
def test_doctor_tells_how_to_switch_it_off_where_connections_cannot() -> None:
    assert jit() == "on"

    found = [one for one in checkups.findings() if "jit" in one.words]

    assert [(one.name, one.level) for one in found] == [("database", Level.LOOK)]
    assert "ALTER ROLE lrm SET jit TO off" in found[0].words


@pytest.mark.django_db
def test_doctor_says_nothing_where_they_can() -> None:
    assert not [one for one in checkups.findings() if "jit" in one.words]
