"""What portal admins do about the people of their portal.

Each act locks the portal's row first, so that two admins who take each other's rights at the same
moment cannot both succeed.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction

from lrm import permissions
from lrm.models import LrmRole, Portal, PortalAct, User
from lrm.people import password_links, portal_changes
from lrm.rest import tokens

# What Django writes for an account that has no password yet.
_WITHOUT = "!"


class LastPortalAdmin(Exception):
    """Nobody else could let people in or connect Xero any more."""


class UserNameTaken(Exception):
    """Somebody signs in by this name already."""


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What a person may do."""

    is_portal_admin: bool
    lrm_role: LrmRole
    is_accounts: bool


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who is invited."""

    first_name: str
    last_name: str
    email: str
    username: str


@transaction.atomic
def invite(*, portal: Portal, person: Person, rights: Rights, by: User, now: datetime) -> User:
    """Make an account without a password, and mail its owner the link to set one.

    :raises UserNameTaken: also where another portal's person has the name.
    """
    user = User(portal=portal, **vars(person), **vars(rights))
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise UserNameTaken from None
    _record(
        portal=portal, act=PortalAct.INVITED, by=by, about=user, now=now, detail=_in_words(user)
    )
    password_links.send(user=user, portal=portal, by=by, is_invitation=True)
    return user


@transaction.atomic
def change_rights(*, user: User, rights: Rights, by: User, now: datetime) -> None:
    """Give a person other rights.

    :raises LastPortalAdmin: they are the only portal admin who can sign in.
    """
    portal, user = _locked(user)
    before = _in_words(user)
    if not rights.is_portal_admin:
        _keep_one_admin(portal, user)
    for name, value in vars(rights).items():
        setattr(user, name, value)
    user.save(update_fields=list(vars(rights)))
    if _in_words(user) != before:
        detail = f"{before}; now {_in_words(user)}"
        _record(portal=portal, act=PortalAct.RIGHTS, by=by, about=user, now=now, detail=detail)


@transaction.atomic
def switch_off(*, user: User, by: User, now: datetime) -> None:
    """Let a person sign in no more; where they are signed in, that ends at once.

    :raises LastPortalAdmin: they are the only portal admin who can sign in.
    """
    portal, user = _locked(user)
    if not user.is_active:
        return
    _keep_one_admin(portal, user)
    user.is_active = False
    user.save(update_fields=["is_active"])
    # For good: who switches them on again did not mean their programs.
    tokens.end_all_of(user=user, by=by, now=now)
    _record(portal=portal, act=PortalAct.SWITCHED_OFF, by=by, about=user, now=now)


@transaction.atomic
def switch_on(*, user: User, by: User, now: datetime) -> None:
    """Let a person sign in again, with the password and the rights they had."""
    portal, user = _locked(user)
    if user.is_active:
        return
    user.is_active = True
    user.save(update_fields=["is_active"])
    _record(portal=portal, act=PortalAct.SWITCHED_ON, by=by, about=user, now=now)


@transaction.atomic
def send_password_link(*, user: User, by: User, now: datetime) -> None:
    """Mail a person a link by which they set a new password; the old one works until then."""
    portal, user = _locked(user)
    _record(portal=portal, act=PortalAct.PASSWORD_LINK, by=by, about=user, now=now)
    is_new = not user.has_usable_password()
    password_links.send(user=user, portal=portal, by=by, is_invitation=is_new)


def _locked(user: User) -> tuple[Portal, User]:
    portal = Portal.objects.select_for_update(of=("self",)).get(users=user)
    return portal, portal.users.get(pk=user.pk)


def _keep_one_admin(portal: Portal, user: User) -> None:
    if not user.is_portal_admin or not user.is_active:
        return
    others = portal.users.filter(is_active=True, is_portal_admin=True).exclude(pk=user.pk)
    if not others.exclude(password__startswith=_WITHOUT).exists():
        raise LastPortalAdmin


def _in_words(user: User) -> str:
    return permissions.in_words(user)


_record = portal_changes.record
