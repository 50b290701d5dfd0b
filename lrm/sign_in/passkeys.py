"""A person's passkeys: added, asked for as a second factor, removed.

They stand beside the authenticator app: either is enough, and whichever came first brings the
recovery codes. Without the password a passkey opens nothing. An answer counts once, and only where
its count went on: the statement that keeps the count is the one that says so, so that of two at the
same moment one is too late.
"""

import hashlib
import logging
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from lrm import notices
from lrm.models import NoticeLevel, Passkey, PortalAct, SecondFactor, User
from lrm.sign_in import authenticators, factor_mails, second_factor
from lrm.sign_in.challenges import Challenge

logger = logging.getLogger(__name__)

MOST = 20
_SALT = "lrm.sign_in.passkeys"
_COPIED = (
    "Your passkey {} was refused: its count went back, so there may be a copy of it. Remove it "
    "under Your account > Second factor. If it was not you, change your password as well."
)


def of(user: User) -> list[Passkey]:
    """Return a person's passkeys, the oldest first."""
    return list(Passkey.objects.filter(factor__user=user, factor__confirmed_at__isnull=False))


def to_make(user: User, *, challenge: bytes) -> str:
    """Return what a browser is asked so that a passkey is made for a person, as JSON."""
    return authenticators.to_make(
        challenge=challenge,
        site=str(user.portal or "LRM"),
        handle=salted_hmac(_SALT, str(user.pk), algorithm="sha256").digest(),
        account=user.username,
        person=str(user),
        known=of(user),
    )


def to_use(user: User, *, challenge: bytes) -> str:
    """Return what a browser is asked so that a person's passkey is used, as JSON."""
    return authenticators.to_use(challenge=challenge, known=of(user))


@transaction.atomic
def add(
    *, user: User, answer: str, challenge: Challenge | None, now: datetime
) -> tuple[Passkey, list[str]] | None:
    """Add the passkey that an authenticator has made; return it, and recovery codes with a first.

    :param challenge: with the name that the person gave as its note.
    """
    made = authenticators.made(answer, challenge=challenge.value) if challenge else None
    if made is None or challenge is None:
        return None
    wanted = {"secret_encrypted": b"", "begun_at": now}
    factor, _ = SecondFactor.objects.select_for_update().get_or_create(user=user, defaults=wanted)
    is_first = factor.confirmed_at is None
    if not is_first and factor.passkeys.count() >= MOST:
        return None
    try:
        with transaction.atomic():
            passkey = factor.passkeys.create(
                name=challenge.note,
                credential_id=made.credential_id,
                public_key=made.public_key,
                transports=made.transports,
                sign_count=made.sign_count,
                made_at=now,
            )
    except IntegrityError:
        return None
    second_factor.end_sessions(user)
    second_factor.record(user, PortalAct.PASSKEY_ADDED, by=user, now=now, detail=passkey.name)
    if not is_first:
        factor_mails.passkey_added(user, name=passkey.name)
        return passkey, []
    # An app that was begun and never confirmed must not count with the passkey.
    factor.secret_encrypted, factor.waiting_encrypted = b"", None
    factor.save(update_fields=["secret_encrypted", "waiting_encrypted"])
    second_factor.record(user, PortalAct.FACTOR_ON, by=user, now=now)
    factor_mails.set_up(user, how="a passkey")
    return passkey, second_factor.count_from_now(factor, now=now)


@transaction.atomic
def accept(*, user: User, answer: str, challenge: Challenge | None, now: datetime) -> bool:
    """Return whether one of the person's passkeys has answered, for the first time."""
    named = authenticators.id_in(answer)
    passkey = next((one for one in of(user) if bytes(one.credential_id) == named), None)
    if passkey is None or challenge is None:
        return False
    count = authenticators.count_in(
        answer, challenge=challenge.value, public_key=bytes(passkey.public_key)
    )
    if count is None:
        return False
    digest = hashlib.sha256(challenge.value).hexdigest()
    unanswered = Passkey.objects.filter(pk=passkey.pk).exclude(answered=digest)
    goes_on = Q(sign_count__lt=count) if count else Q(sign_count=0)
    kept = {"sign_count": count, "last_used_at": now, "answered": digest}
    if unanswered.filter(goes_on).update(**kept):
        return True
    if unanswered.exists():
        _tell_of_a_copy(user, passkey)
    return False


@transaction.atomic
def remove(*, user: User, passkey_id: int, now: datetime) -> bool:
    """Remove a passkey; return whether nothing is asked any more, since it was all there was.

    :raises Passkey.DoesNotExist: it is none of the person's, or was removed already.
    """
    factor = SecondFactor.objects.select_for_update().filter(user=user).first()
    passkey = Passkey.objects.get(pk=passkey_id, factor=factor)
    passkey.delete()
    second_factor.record(user, PortalAct.PASSKEY_REMOVED, by=user, now=now, detail=passkey.name)
    assert factor is not None  # noqa: S101 - a passkey has one
    if factor.secret_encrypted or factor.passkeys.exists():
        second_factor.end_sessions(user)
        factor_mails.passkey_removed(user, name=passkey.name)
        return False
    second_factor.end(user, now=now)
    return True


def _tell_of_a_copy(user: User, passkey: Passkey) -> None:
    logger.warning("The count of passkey %s of user %s went back", passkey.pk, user.pk)
    text = _COPIED.format(passkey.name)
    notices.notify(users=[user], level=NoticeLevel.WARNING, text=text)
    factor_mails.passkey_copied(user, name=passkey.name)
