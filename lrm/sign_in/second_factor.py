"""A person's second factor: set up, asked for, switched off, reset.

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


@dataclass(frozen=True)
class SetUp:
    """What an app needs; out of its repr."""

    secret: str = field(repr=False)
    square: str = field(repr=False)


def is_on(user: User) -> bool:
    """Return whether a code is asked of this person after the password."""
    return SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).exists()


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
    sealed = sealed_values.seal(one_time_codes.new_secret(), place=_place(user.pk))
    wanted = {"secret_encrypted": sealed, "begun_at": now}
    locked = SecondFactor.objects.select_for_update()
    factor, is_new = locked.get_or_create(user=user, defaults=wanted)
    if not is_new and factor.confirmed_at is None:
        factor.secret_encrypted, factor.begun_at = sealed, now
        factor.save(update_fields=list(wanted))


def being_set_up(user: User) -> SetUp | None:
    """Return the secret that waits to be confirmed; None where there is none."""
    factor = SecondFactor.objects.filter(user=user, confirmed_at=None).first()
    if factor is None or (secret := _secret_of(factor)) is None:
        return None
    address = one_time_codes.address_for_app(
        secret=secret, account=user.username, issuer=str(user.portal or "LRM")
    )
    return SetUp(one_time_codes.in_groups(secret), one_time_codes.square_of(address))


@transaction.atomic
def confirm(*, user: User, code: str, now: datetime) -> list[str]:
    """Have the factor count where the code is its app's; return the recovery codes, else none."""
    factor = SecondFactor.objects.select_for_update().filter(user=user, confirmed_at=None).first()
    step = _step_of(factor, code, now=now) if factor else None
    if factor is None or step is None:
        return []
    factor.confirmed_at, factor.last_step = now, step
    factor.save(update_fields=["confirmed_at", "last_step"])
    codes = _make_codes(factor)
    _end_sessions(user)
    _record(user, PortalAct.FACTOR_ON, by=user, now=now)
    factor_mails.set_up(user)
    return codes


@transaction.atomic
def accept(*, user: User, code: str, now: datetime) -> str:
    """Spend a code; return what it was (`code`, `recovery code`), and nothing where it is wrong."""
    factor = SecondFactor.objects.filter(user=user, confirmed_at__isnull=False).first()
    typed = one_time_codes.cleaned(code)
    if factor is None or not typed:
        return ""
    step = _step_of(factor, typed, now=now)
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
    _record(user, PortalAct.FACTOR_CODES, by=user, now=now)
    factor_mails.codes_renewed(user)
    return codes


@transaction.atomic
def switch_off(*, user: User, now: datetime) -> None:
    """Let the person's password be enough again."""
    _forget(user)
    _record(user, PortalAct.FACTOR_OFF, by=user, now=now)
    factor_mails.switched_off(user)


@transaction.atomic
def reset(*, user: User, by: User | None, now: datetime) -> bool:
    """Take away the factor of somebody who lost it; return whether they had one.

    :param by: the portal admin; None where it is whoever operates the installation.
    """
    if not SecondFactor.objects.filter(user=user).exists():
        return False
    _forget(user)
    _record(user, PortalAct.FACTOR_RESET, by=by, now=now)
    factor_mails.reset(user, by=by)
    return True


def seal_anew() -> int:
    """Encrypt every secret with the newest key; return how many.

    :raises sealed_values.CannotOpen: none of the keys fits.
    """
    ids = list(SecondFactor.objects.order_by("pk").values_list("pk", flat=True))
    return sum(_seal_anew(pk) for pk in ids)


@transaction.atomic
def _seal_anew(user_id: int) -> int:
    factor = SecondFactor.objects.select_for_update().filter(pk=user_id).first()
    if factor is None:
        return 0
    place = _place(user_id)
    secret = sealed_values.unseal(factor.secret_encrypted, place=place)
    factor.secret_encrypted = sealed_values.seal(secret, place=place)
    factor.save(update_fields=["secret_encrypted"])
    return 1


def _step_of(factor: SecondFactor, code: str, *, now: datetime) -> int | None:
    secret = _secret_of(factor)
    if secret is None:
        return None
    return one_time_codes.step_of(secret=secret, code=one_time_codes.cleaned(code), now=now)


def _secret_of(factor: SecondFactor) -> str | None:
    """Return the secret; None where the key is gone, which leaves the recovery codes."""
    try:
        return sealed_values.unseal(factor.secret_encrypted, place=_place(factor.pk))
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
    _end_sessions(user)


def _end_sessions(user: User) -> None:
    user.sessions_ended += 1
    user.save(update_fields=["sessions_ended"])


def _record(user: User, act: str, *, by: User | None, now: datetime) -> None:
    if user.portal is not None:
        portal_changes.record(portal=user.portal, act=act, by=by, about=user, now=now)
