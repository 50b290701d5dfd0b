"""A person's second factor: set up, asked for, switched off, reset. Here with an authenticator app.

It is an app, passkeys (`passkeys`) or both, with one set of recovery codes.

What changes it ends all other sessions of the person, which were opened with less, stands in the
portal's changes, and is told by e-mail. A code counts once: the statement that spends it is the one
that says whether it was there, so that of two at the same moment one is too late.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from lrm import sealed_values
from lrm.models import PortalAct, RecoveryCode, SecondFactor, User
from lrm.people import portal_changes
from lrm.sign_in import factor_mails, one_time_codes

logger = logging.getLogger(__name__)

# The one that counts, and one that waits to be confirmed.
_SECRETS = ("secret_encrypted", "waiting_encrypted")


@dataclass(frozen=True)
class SetUp:
    """What an app needs; out of its repr."""

    secret: str = field(repr=False)
    square: str = field(repr=False)


def is_on(user: User) -> bool:
    """Return whether more than the password is asked of this person."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


def has_app(user: User) -> bool:
    """Return whether a code of an authenticator app lets this person in."""
    factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()
    return factor is not None and _has_app(factor)


def is_demanded_of(user: User) -> bool:
    """Return whether the person's portal lets them do nothing without one."""
    portal = user.portal
    if portal is None or not portal.demands_second_factor:
        return False
    return user.is_portal_admin or user.is_accounts


def codes_left(user: User) -> int:
    """Return how many recovery codes a person has."""
    return RecoveryCode.objects.filter(factor__user=user, used_at=None).count()


@transaction.atomic
def begin(*, user: User, now: datetime) -> None:
    """Make a secret, which counts for nothing before `confirm`; one that counts stays."""
    wanted = {"secret_encrypted": b"", "begun_at": now}
    factor, _ = SecondFactor.objects.select_for_update().get_or_create(user=user, defaults=wanted)
    if _has_app(factor):
        return
    sealed = sealed_values.seal(one_time_codes.new_secret(), place=_place(user.pk))
    factor.waiting_encrypted, factor.begun_at = sealed, now
    factor.save(update_fields=["waiting_encrypted", "begun_at"])


def being_set_up(user: User) -> SetUp | None:
    """Return the secret that waits to be confirmed; None where there is none."""
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None or (secret := _unsealed(factor, factor.waiting_encrypted)) is None:
        return None
    address = one_time_codes.address_for_app(
        secret=secret, account=user.username, issuer=str(user.portal or "LRM")
    )
    return SetUp(one_time_codes.in_groups(secret), one_time_codes.square_of(address))


@transaction.atomic
def confirm(*, user: User, code: str, now: datetime) -> list[str] | None:
    """Have the app count where the code is its own; return recovery codes where it is the first.

    There are none where passkeys count already, and None says that the code was wrong.
    """
    factor = SecondFactor.objects.select_for_update().filter(user=user).first()
    if factor is None or not factor.waiting_encrypted:
        return None
    step = _step_of(factor, factor.waiting_encrypted, code, now=now)
    if step is None:
        return None
    factor.last_step = step
    factor.secret_encrypted, factor.waiting_encrypted = factor.waiting_encrypted, None
    factor.save(update_fields=["last_step", "secret_encrypted", "waiting_encrypted"])
    end_sessions(user)
    if factor.confirmed_at is not None:
        record(user, PortalAct.APP_ADDED, by=user, now=now)
        factor_mails.app_added(user)
        return []
    record(user, PortalAct.FACTOR_ON, by=user, now=now)
    factor_mails.set_up(user, how="a code from your authenticator app")
    return count_from_now(factor, now=now)


def count_from_now(factor: SecondFactor, *, now: datetime) -> list[str]:
    """Have a factor count that did not before; return its recovery codes."""
    factor.confirmed_at = now
    factor.save(update_fields=["confirmed_at"])
    return _make_codes(factor)


@transaction.atomic
def accept(*, user: User, code: str, now: datetime) -> str:
    """Spend a code; return what it was (`code`, `recovery code`), and nothing where it is wrong."""
    factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()
    typed = one_time_codes.cleaned(code)
    if factor is None or not typed:
        return ""
    step = _step_of(factor, factor.secret_encrypted, typed, now=now)
    if step is not None:
        unused = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step)
        return "code" if unused.update(last_step=step) else ""
    digest = one_time_codes.digest_of(typed)
    if not factor.recovery_codes.filter(digest=digest, used_at=None).update(used_at=now):
        return ""
    factor_mails.recovery_code_used(user, left=codes_left(user))
    return "recovery code"


@transaction.atomic
def renew_codes(*, user: User, now: datetime) -> list[str]:
    """Make new recovery codes in place of the old ones; return them."""
    factor = SecondFactor.objects.select_for_update().get(user=user, confirmed_at__isnull=False)
    codes = _make_codes(factor)
    record(user, PortalAct.FACTOR_CODES, by=user, now=now)
    factor_mails.codes_renewed(user)
    return codes


@transaction.atomic
def remove_app(*, user: User, now: datetime) -> bool:
    """Take away the app; return whether nothing is asked any more, since no passkey is left."""
    factor = SecondFactor.objects.select_for_update().get(user=user)
    if not factor.passkeys.exists():
        end(user, now=now)
        return True
    factor.secret_encrypted = b""
    factor.save(update_fields=["secret_encrypted"])
    end_sessions(user)
    record(user, PortalAct.APP_REMOVED, by=user, now=now)
    factor_mails.app_removed(user)
    return False


def end(user: User, *, now: datetime) -> None:
    """Let the person's password be enough again."""
    _forget(user)
    record(user, PortalAct.FACTOR_OFF, by=user, now=now)
    factor_mails.switched_off(user)


@transaction.atomic
def reset(*, user: User, by: User | None, now: datetime) -> bool:
    """Take away app, passkeys and codes of somebody who lost them; return whether they had any.

    :param by: the portal admin; None where it is whoever operates the installation.
    """
    if not SecondFactor.objects.filter(user=user).exists():
        return False
    _forget(user)
    record(user, PortalAct.FACTOR_RESET, by=by, now=now)
    factor_mails.reset(user, by=by)
    return True


def seal_anew() -> int:
    """Encrypt every secret with the newest key; return how many.

    :raises sealed_values.CannotOpen: none of the keys fits.
    """
    ids = list(SecondFactor.objects.order_by("pk").values_list("pk", flat=True))
    return sum(_seal_anew(pk) for pk in ids)


def count_secrets() -> tuple[int, int]:
    """Return how many people have a secret of an app here, and of how many no key opens it."""
    there = unreadable = 0
    for factor in SecondFactor.objects.iterator():
        kept = [getattr(factor, name) for name in _SECRETS if getattr(factor, name)]
        there += bool(kept)
        try:
            for sealed in kept:
                sealed_values.unseal(sealed, place=_place(factor.pk))
        except sealed_values.CannotOpen:
            unreadable += 1
    return there, unreadable


@transaction.atomic
def _seal_anew(user_id: int) -> int:
    factor = SecondFactor.objects.select_for_update().filter(pk=user_id).first()
    place = _place(user_id)
    kept = [name for name in _SECRETS if factor is not None and getattr(factor, name)]
    for name in kept:
        secret = sealed_values.unseal(getattr(factor, name), place=place)
        setattr(factor, name, sealed_values.seal(secret, place=place))
    if factor is None or not kept:
        return 0
    factor.save(update_fields=kept)
    return 1


def _has_app(factor: SecondFactor) -> bool:
    return factor.confirmed_at is not None and bool(factor.secret_encrypted)


def _step_of(
    factor: SecondFactor, sealed: bytes | memoryview, code: str, *, now: datetime
) -> int | None:
    secret = _unsealed(factor, sealed)
    if secret is None:
        return None
    return one_time_codes.step_of(secret=secret, code=one_time_codes.cleaned(code), now=now)


def _unsealed(factor: SecondFactor, sealed: bytes | memoryview | None) -> str | None:
    """Return a secret of an app; None where there is none, or its key is gone.

    That leaves the passkeys and the recovery codes.
    """
    if not sealed:
        return None
    try:
        return sealed_values.unseal(sealed, place=_place(factor.pk))
    except sealed_values.CannotOpen:
        logger.error(  # noqa: TRY400 - the traceback says nothing more
            "The second factor of user %s cannot be read: is its key still in "
            "TOKEN_ENCRYPTION_KEYS?",
            factor.pk,
        )
        return None


def _place(user_id: int) -> str:
    return sealed_values.place_of(table="lrm_secondfactor", row=user_id, column="secret_encrypted")


def _make_codes(factor: SecondFactor) -> list[str]:
    codes = one_time_codes.new_recovery_codes()
    factor.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create(
        RecoveryCode(factor=factor, digest=one_time_codes.digest_of(code)) for code in codes
    )
    return [one_time_codes.in_groups(code) for code in codes]


def _forget(user: User) -> None:
    SecondFactor.objects.filter(user=user).delete()
    end_sessions(user)


def end_sessions(user: User) -> None:
    """Sign a person out everywhere; the caller keeps the session at hand."""
    user.sessions_ended += 1
    user.save(update_fields=["sessions_ended"])


def record(user: User, act: str, *, by: User | None, now: datetime, detail: str = "") -> None:
    """Write down what became of a person's second factor."""
    if user.portal is not None:
        portal_changes.record(
            portal=user.portal, act=act, by=by, about=user, now=now, detail=detail
        )
