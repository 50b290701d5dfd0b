"""What people do with endpoints: each act leaves a line in the portal's changes."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from lrm import sealed_values
from lrm.hooks import event_types, outbox, signing, targets
from lrm.models import (
    HookEndpoint,
    HookMessage,
    HookState,
    Portal,
    PortalAct,
    PortalChange,
    User,
)
from lrm.people import portal_changes

MOST_ENDPOINTS = 10
# How long a secret that was replaced still signs beside the new one.
FORMER_HOLDS = timedelta(days=1)
# Within which the same form sent again is a second press of its button, or its answer loaded anew.
_SECOND_PRESS = timedelta(minutes=1)


class TooMany(Exception):
    """The portal has as many as one may have."""


@transaction.atomic
def make(
    *, portal: Portal, name: str, url: str, by: User, now: datetime
) -> tuple[HookEndpoint, str]:
    """Make an endpoint, and return it with its secret, which is shown this once.

    The same asked for again by the same person within a minute is answered by the first: else a
    second one would be sent everything too, signed with a secret that nobody saw.

    :raises targets.NotAllowed: nothing may be posted there.
    :raises TooMany: the portal has enough of them.
    """
    targets.parse(url)
    Portal.objects.select_for_update(no_key=True).get(pk=portal.pk)
    made = _made_just_now(portal=portal, name=name, url=url, by=by, now=now)
    if made is not None:
        return made, _opened(made, made.secret_encrypted)
    if portal.hook_endpoints.count() >= MOST_ENDPOINTS:
        raise TooMany
    secret = signing.make_secret()
    endpoint = HookEndpoint.objects.create(
        portal=portal, name=name, url=url, secret_encrypted=b"", made_at=now
    )
    endpoint.secret_encrypted = _sealed(endpoint, secret)
    endpoint.save(update_fields=["secret_encrypted"])
    _record(endpoint, PortalAct.HOOK_MADE, by=by, now=now, more=url)
    return endpoint, secret


@transaction.atomic
def rotate(*, endpoint: HookEndpoint, by: User, now: datetime) -> str:
    """Give an endpoint a new secret and return it; the one of now signs for a day more.

    Within a minute after that, the new one is returned once more. Else a second press would put it
    in the place of the one that the program holds, which would stop signing at once.
    """
    locked = HookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    if _was_rotated_just_now(locked, now=now):
        return _opened(locked, locked.secret_encrypted)
    secret = signing.make_secret()
    _write(
        locked,
        former_encrypted=_sealed(locked, _opened(locked, locked.secret_encrypted), is_former=True),
        former_until=now + FORMER_HOLDS,
        secret_encrypted=_sealed(locked, secret),
    )
    _record(locked, PortalAct.HOOK_SECRET, by=by, now=now)
    return secret


@transaction.atomic
def choose_types(
    *, endpoint: HookEndpoint, types: Collection[str], by: User, now: datetime
) -> bool:
    """Say which types of message an endpoint gets; return whether that changed anything.

    Who chooses all of them gets those of later releases too. Of what waits already, the worker
    leaves out what is not chosen.
    """
    locked = HookEndpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    chosen = [one for one in event_types.CHOSEN_FROM if one in types]
    is_all = len(chosen) == len(event_types.CHOSEN_FROM)
    if locked.types == (None if is_all else chosen):
        return False
    _write(locked, types=None if is_all else chosen)
    words = "all" if is_all else "; ".join(event_types.WORDS[one] for one in chosen)
    _record(locked, PortalAct.HOOK_TYPES, by=by, now=now, more=words)
    return True


@transaction.atomic
def switch_on(*, endpoint: HookEndpoint, by: User, now: datetime) -> None:
    """Send to an endpoint again, first what has waited since it was switched off."""
    changed = HookEndpoint.objects.filter(pk=endpoint.pk, is_on=False).update(
        is_on=True, off_reason="", failures=0, failing_since=None, not_before=None
    )
    if changed:
        _record(endpoint, PortalAct.HOOK_ON, by=by, now=now)
        # Whoever switches on wants them tried, however old they are.
        endpoint.messages.filter(state=HookState.WAITING).update(
            waits_since=now, due_at=now, attempts=0
        )
        outbox.SEND.wake(endpoint.pk)


@transaction.atomic
def switch_off(*, endpoint: HookEndpoint, by: User | None, now: datetime, reason: str = "") -> bool:
    """Send nothing more to an endpoint; return whether it was on.

    :param by: None where it is switched off by itself, for the reason given.
    """
    changed = HookEndpoint.objects.filter(pk=endpoint.pk, is_on=True).update(
        is_on=False, off_reason=reason[:300]
    )
    if changed:
        _record(endpoint, PortalAct.HOOK_OFF, by=by, now=now, more=reason)
    return bool(changed)


@transaction.atomic
def delete(*, endpoint: HookEndpoint, by: User, now: datetime) -> None:
    """Delete an endpoint with its log."""
    # Before its messages, as everybody takes them: a worker may be noting an answer.
    locked = HookEndpoint.objects.select_for_update().filter(pk=endpoint.pk).first()
    if locked is not None:
        _record(locked, PortalAct.HOOK_DELETED, by=by, now=now, more=locked.url)
        locked.delete()


@transaction.atomic
def send_test(*, endpoint: HookEndpoint, by: User, now: datetime) -> None:
    """Have a message sent that tells of nothing; other failures do not hold it up."""
    thing = outbox.Thing(id=endpoint.pk, kind="test", path="/api/v1/connection/")
    outbox.write([endpoint.pk], type=event_types.TEST, things=[thing], now=now)
    HookEndpoint.objects.filter(pk=endpoint.pk).update(not_before=None)
    # Before what has waited longer: a person looks at the page.
    newest = endpoint.messages.filter(type=event_types.TEST).order_by("-id").values("pk")[:1]
    HookMessage.objects.filter(pk__in=newest).update(due_at=now - timedelta(days=365))
    _record(endpoint, PortalAct.HOOK_TESTED, by=by, now=now)


@transaction.atomic
def send_again(*, message: HookMessage, by: User, now: datetime) -> str:
    """Have a message sent once more, with its id of before; return why it is not, if it is not.

    One that waits is tried at once.
    """
    endpoint = message.endpoint
    # A message of an endpoint that is off would wait for nobody knows what.
    if not endpoint.is_on:
        return f"{endpoint.name} is off. Switch it on first."
    if not event_types.is_wanted(message.type, endpoint.types):
        return f"{endpoint.name} does not get messages of this type. Choose the type first."
    HookEndpoint.objects.filter(pk=endpoint.pk).update(not_before=None)
    HookMessage.objects.filter(pk=message.pk).update(
        state=HookState.WAITING, waits_since=now, due_at=now, attempts=0
    )
    _record(endpoint, PortalAct.HOOK_AGAIN, by=by, now=now, more=f"message {message.pk}")
    outbox.SEND.wake(endpoint.pk)
    return ""


def secrets_of(endpoint: HookEndpoint, *, now: datetime) -> list[str]:
    """Return the secrets that sign now, newest first.

    :raises sealed_values.CannotOpen: none of the keys fits.
    """
    found = [_opened(endpoint, endpoint.secret_encrypted)]
    former, until = endpoint.former_encrypted, endpoint.former_until
    if former is not None and until is not None and now < until:
        found.append(_opened(endpoint, former, is_former=True))
    return found


def seal_anew() -> int:
    """Encrypt every secret with the newest key; return of how many endpoints.

    :raises sealed_values.CannotOpen: none of the keys fits.
    """
    ids = list(HookEndpoint.objects.order_by("pk").values_list("pk", flat=True))
    return sum(_seal_anew(pk) for pk in ids)


def count_secrets() -> tuple[int, int]:
    """Return how many endpoints there are, and of how many no key opens a secret."""
    there = unreadable = 0
    for endpoint in HookEndpoint.objects.iterator():
        there += 1
        try:
            _opened(endpoint, endpoint.secret_encrypted)
            if endpoint.former_encrypted is not None:
                _opened(endpoint, endpoint.former_encrypted, is_former=True)
        except sealed_values.CannotOpen:
            unreadable += 1
    return there, unreadable


@transaction.atomic
def _seal_anew(endpoint_id: int) -> int:
    rows = HookEndpoint.objects.select_for_update(no_key=True)
    endpoint = rows.filter(pk=endpoint_id).first()
    if endpoint is None:
        return 0
    changes: dict[str, Any] = {
        "secret_encrypted": _sealed(endpoint, _opened(endpoint, endpoint.secret_encrypted))
    }
    if endpoint.former_encrypted is not None:
        former = _opened(endpoint, endpoint.former_encrypted, is_former=True)
        changes["former_encrypted"] = _sealed(endpoint, former, is_former=True)
    _write(endpoint, **changes)
    return 1


def _made_just_now(
    *, portal: Portal, name: str, url: str, by: User, now: datetime
) -> HookEndpoint | None:
    # Who made an endpoint stands in the portal's changes alone.
    by_them = PortalChange.objects.filter(
        portal=portal, act=PortalAct.HOOK_MADE, by=by, at=OuterRef("made_at")
    )
    since = now - _SECOND_PRESS
    found = portal.hook_endpoints.filter(Exists(by_them), name=name, url=url, made_at__gt=since)
    return found.last()


def _was_rotated_just_now(endpoint: HookEndpoint, *, now: datetime) -> bool:
    until = endpoint.former_until
    return until is not None and now < until - FORMER_HOLDS + _SECOND_PRESS


def _write(endpoint: HookEndpoint, **changes: Any) -> None:
    """Write columns of people's acts, and none that a worker writes."""
    HookEndpoint.objects.filter(pk=endpoint.pk).update(**changes)


def _place(endpoint: HookEndpoint, *, is_former: bool) -> str:
    return sealed_values.place_of(
        table="lrm_hookendpoint",
        row=endpoint.pk,
        column="former_encrypted" if is_former else "secret_encrypted",
        portal=endpoint.portal_id,
    )


def _sealed(endpoint: HookEndpoint, secret: str, *, is_former: bool = False) -> bytes:
    return sealed_values.seal(secret, place=_place(endpoint, is_former=is_former))


def _opened(endpoint: HookEndpoint, stored: bytes | memoryview, *, is_former: bool = False) -> str:
    return sealed_values.unseal(stored, place=_place(endpoint, is_former=is_former))


def _record(
    endpoint: HookEndpoint, act: PortalAct, *, by: User | None, now: datetime, more: str = ""
) -> None:
    portal_changes.record(
        portal=endpoint.portal,
        act=act,
        by=by,
        by_name="" if by else portal_changes.BY_ITSELF,
        now=now,
        detail=f"{endpoint.name}: {more}" if more else endpoint.name,
    )
