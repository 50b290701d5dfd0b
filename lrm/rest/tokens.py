"""Tokens: how a person makes and ends one, and whose it is that came with a request.

A token is never more than its person: it has no rights of its own, those of its person are asked
for at every request. It ends by a person's hand, at its date, and when its person is switched off
or moves to another portal. The secret is shown once and kept as its hash alone.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from lrm.models import ApiToken, Portal, PortalAct, User
from lrm.people import portal_changes

# By which scanners of sources and logs know what they found.
PREFIX = "lrm_pat_"
MOST_TOKENS = 20
# How long the page lists what has ended.
_SHOWN_AFTER_END = timedelta(days=30)
# The last use is written down no more often than this.
_GRAIN = timedelta(minutes=1)
# Within which the same form sent again is a second press of its button, or its answer loaded anew.
_SECOND_PRESS = timedelta(minutes=1)


class TooManyTokens(Exception):
    """The person has as many as one may have."""


@transaction.atomic
def make(
    *, user: User, name: str, may_act: bool, expires_at: datetime | None, now: datetime
) -> tuple[ApiToken, str]:
    """Make a token; return it and its secret, which nobody can read again.

    It takes the place of one like it of the same minute that was never used, as after a second
    press: the secret of that one can be shown to nobody any more.

    :raises TooManyTokens: one has to be ended first.
    """
    portal = _portal_of(user)
    # Else two forms sent at once would both find room for one.
    User.objects.select_for_update().get(pk=user.pk)
    _end_unseen(user=user, name=name, may_act=may_act, expires_at=expires_at, now=now)
    if live_of(user, now=now).count() >= MOST_TOKENS:
        raise TooManyTokens
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        portal=portal,
        user=user,
        name=name,
        secret_hash=_hash(secret),
        may_act=may_act,
        made_at=now,
        expires_at=expires_at,
    )
    _record(PortalAct.TOKEN_MADE, token, by=user, now=now)
    return token, secret


@transaction.atomic
def end(*, token: ApiToken, by: User, now: datetime) -> bool:
    """End a token at once; return False where it had ended already."""
    ended = ApiToken.objects.filter(pk=token.pk, ended_at=None).update(ended_at=now)
    if ended:
        _record(PortalAct.TOKEN_ENDED, token, by=by, now=now)
    return bool(ended)


def end_all_of(*, user: User, by: User, now: datetime) -> None:
    """End every token of a person, in the transaction of what they are ended for."""
    for token in ApiToken.objects.filter(user=user, ended_at=None):
        end(token=token, by=by, now=now)


def live_of(user: User, *, now: datetime) -> QuerySet[ApiToken]:
    """Return the tokens by which programs act for a person now."""
    return _live(now).filter(user=user, portal=user.portal)


def ended_of(user: User, *, now: datetime) -> QuerySet[ApiToken]:
    """Return the tokens of a person that ended or expired lately."""
    since = now - _SHOWN_AFTER_END
    over = Q(ended_at__gte=since) | Q(ended_at=None, expires_at__lte=now, expires_at__gte=since)
    return ApiToken.objects.filter(over, user=user, portal=user.portal)


def holder_of(secret: str, *, now: datetime) -> ApiToken | None:
    """Return the token of a secret with its person; None where it opens nothing (any more)."""
    found = _live(now).filter(secret_hash=_hash(secret)).select_related("user__portal").first()
    if found is None or not found.user.is_active or found.user.portal_id != found.portal_id:
        return None
    return found


def note_use(token: ApiToken, *, now: datetime) -> None:
    """Write down that a token was used, to the minute."""
    if token.last_used_at is None or now - token.last_used_at >= _GRAIN:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=now - _GRAIN)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)


def _end_unseen(
    *, user: User, name: str, may_act: bool, expires_at: datetime | None, now: datetime
) -> None:
    """End what a first press of the same form has made."""
    alike = live_of(user, now=now).filter(name=name, may_act=may_act, expires_at=expires_at)
    for token in alike.filter(made_at__gt=now - _SECOND_PRESS, last_used_at=None):
        end(token=token, by=user, now=now)


def _live(now: datetime) -> QuerySet[ApiToken]:
    return ApiToken.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=now), ended_at=None
    ).order_by("-made_at", "-id")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()


def _portal_of(user: User) -> Portal:
    if user.portal is None:
        raise ValueError("A token is for somebody who belongs to a portal.")
    return user.portal


def _record(act: str, token: ApiToken, *, by: User, now: datetime) -> None:
    portal_changes.record(
        portal=token.portal, act=act, by=by, about=token.user, now=now, detail=token.name
    )
