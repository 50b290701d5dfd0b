"""Encryption of a grant's tokens at rest, each bound to its row, column and portal.

A grant may serve several organisations of its portal, so it is the portal that a token is bound to.
What stands in one row or column opens in no other (`lrm.sealed_values`). Tokens stored before that
are Fernet's: they open too, and are sealed with the next write, which a refresh is, every half an
hour, or by `manage.py rotate_token_keys`.
"""

from collections.abc import Collection

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction

from connected_apps import errors
from connected_apps.models import Grant
from lrm import sealed_values

ACCESS = "access_token_encrypted"
REFRESH = "refresh_token_encrypted"
PREVIOUS_REFRESH = "previous_refresh_token_encrypted"
COLUMNS = (ACCESS, REFRESH, PREVIOUS_REFRESH)

_NO_KEY_FITS = (
    "A stored token cannot be decrypted: none of the keys in TOKEN_ENCRYPTION_KEYS made it for "
    "this place. Put the key that was used back at the end of TOKEN_ENCRYPTION_KEYS."
)


def put(grant: Grant, column: str, text: str) -> None:
    """Put a token on a row that has its id, encrypted with the newest key; the caller saves it."""
    setattr(grant, column, sealed_values.seal(text, place=_place(grant, column)))


def read(grant: Grant, column: str) -> str:
    """Return a token of a row; empty where the column holds none.

    :raises errors.WrongTokenKey: where none of the keys fits, or it was sealed for another place.
    """
    stored = getattr(grant, column)
    if stored is None:
        return ""
    try:
        if sealed_values.is_sealed(stored):
            return sealed_values.unseal(stored, place=_place(grant, column))
        return _of_before().decrypt(bytes(stored)).decode()
    except (sealed_values.CannotOpen, InvalidToken):
        raise errors.WrongTokenKey(_NO_KEY_FITS) from None


def put_anew(grant: Grant) -> None:
    """Encrypt every token of a row with the newest key; the caller saves it.

    :raises errors.WrongTokenKey: where none of the keys fits.
    """
    texts = {column: read(grant, column) for column in COLUMNS}
    for column, text in texts.items():
        if text:
            put(grant, column, text)


class _Grants:
    """The tokens of all grants, as whoever replaces keys needs them (`lrm.sealed_columns.Sealed`).

    Grant by grant, each in its own transaction, waiting for a refresh that is under way.
    """

    label = "grants"

    @property
    def columns(self) -> Collection[str]:
        """The three columns of a grant."""
        return [f"{Grant._meta.db_table}.{column}" for column in COLUMNS]

    def seal_anew(self) -> int:
        """Encrypt every grant's tokens with the newest key.

        :raises errors.WrongTokenKey: none of the keys fits.
        """
        ids = list(Grant.objects.order_by("pk").values_list("pk", flat=True))
        return sum(_seal_anew(pk) for pk in ids)

    def count(self) -> tuple[int, int]:
        """Return how many grants there are, and how many of them cannot be refreshed any more."""
        there = unreadable = 0
        for grant in Grant.objects.only("portal_id", REFRESH).iterator():
            there += 1
            try:
                read(grant, REFRESH)
            except errors.WrongTokenKey:
                unreadable += 1
        return there, unreadable


GRANTS = _Grants()


def _seal_anew(grant_id: int) -> int:
    with transaction.atomic():
        grant = Grant.objects.select_for_update().filter(pk=grant_id).first()
        if grant is None:
            return 0
        put_anew(grant)
        grant.save(update_fields=COLUMNS)
    return 1


def _place(grant: Grant, column: str) -> str:
    return sealed_values.place_of(
        table=grant._meta.db_table, row=grant.pk, column=column, portal=grant.portal_id
    )


def _of_before() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_ENCRYPTION_KEYS])
