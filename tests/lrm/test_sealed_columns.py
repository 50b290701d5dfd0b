"""A column of secrets: what it gives back, and what replacing keys does to each of its rows."""

import pytest
from pytest_django.fixtures import Settings

from lrm import sealed_values
from lrm.models import HookEndpoint, Portal
from lrm.sealed_columns import SealedColumn
from tests.support import crossing, document_builders

COLUMN = SealedColumn(model=HookEndpoint, column="secret_encrypted", label="made-up secrets")
NEW_KEY = "bmV3LWtleS1vZi1hLXRlc3Qtd2l0aC0zMi1ieXRlcyE="


def make_row(portal: Portal, text: str = "") -> HookEndpoint:
    """Store a row, with a value where one is given."""
    row = HookEndpoint.objects.create(
        portal=portal,
        name=text or "none",
        url="https://hooks.example.com/",
        secret_encrypted=b"",
        made_at=document_builders.NOW,
    )
    if text:
        COLUMN.put(row, text)
        row.save()
    return row


def test_value_is_read_where_it_was_put_and_nowhere_else(portal: Portal) -> None:
    one, empty = make_row(portal, "first"), make_row(portal)

    assert (COLUMN.read(one), COLUMN.read(empty)) == ("first", "")
    assert b"first" not in bytes(one.secret_encrypted)
    empty.secret_encrypted = one.secret_encrypted
    with pytest.raises(sealed_values.CannotOpen):
        COLUMN.read(empty)


def test_value_is_not_put_on_a_row_without_an_id(portal: Portal) -> None:
    with pytest.raises(ValueError, match="Save the row first"):
        COLUMN.put(HookEndpoint(portal=portal), "first")


def test_every_value_is_sealed_anew_and_opens_by_the_new_key_alone(
    portal: Portal, settings: Settings
) -> None:
    rows = [make_row(portal, text) for text in ("first", "second")]
    make_row(portal)
    before = list(settings.TOKEN_ENCRYPTION_KEYS)
    settings.TOKEN_ENCRYPTION_KEYS = [NEW_KEY]
    assert COLUMN.count() == (2, 2)

    settings.TOKEN_ENCRYPTION_KEYS = [NEW_KEY, *before]
    assert COLUMN.seal_anew() == 2
    settings.TOKEN_ENCRYPTION_KEYS = [NEW_KEY]

    assert COLUMN.count() == (2, 0)
    for row in rows:
        row.refresh_from_db()
    assert [COLUMN.read(row) for row in rows] == ["first", "second"]


def test_row_that_is_deleted_while_keys_are_replaced_is_not_counted(
    transactional_db: None, portal: Portal
) -> None:
    first, second = (make_row(portal, text) for text in ("first", "second"))
    rows = HookEndpoint.objects.filter(pk=second.pk)
    sealed: list[int] = []

    # By now the ids of both are listed, and the first is sealed.
    crossing.meet(rows.delete, lambda: sealed.append(COLUMN.seal_anew()), kept=rows)

    assert sealed == [1]
    assert list(HookEndpoint.objects.all()) == [first]
