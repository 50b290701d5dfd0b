"""Inviting a learner to see their own documents, sending the link again, and ending it.

Two learners of a portal who share an e-mail address cannot be invited: whoever reads it would hold
the keys to both, and a page is one person's alone. Who was invited before somebody else was given
the same address keeps their page, since the password is theirs already; a new link is refused.
"""

import re
import secrets
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from lrm.models import Learner, LearnerAccount, Portal, PortalAct, User
from lrm.people import password_links, portal_changes

# No learner is sent two links within such a time.
_PAUSE = timedelta(minutes=1)
# A number that can stand in a user name as it is.
_PLAIN = re.compile(r"[A-Za-z0-9_.+-]{1,50}")


class CannotInvite(Exception):
    """Why a learner cannot be invited, in whole sentences."""


def account_of(learner: Learner) -> LearnerAccount | None:
    """Return the account of a learner, also where it is closed at the moment."""
    return LearnerAccount.objects.select_related("user").filter(learner=learner).first()


def fits(account: LearnerAccount, learner: Learner) -> bool:
    """Return whether an account is that of the learner as they are now."""
    same_address = account.user.email.casefold() == learner.email.casefold()
    return same_address and account.number == learner.number


def obstacle_to(learner: Learner, portal: Portal) -> str:
    """Return why a learner cannot be invited; empty where they can."""
    if not portal.learners_see_documents:
        return (
            "Learners do not see their documents in this portal. A portal admin can change that "
            "under Settings > Portal details."
        )
    try:
        validate_email(learner.email)
    except ValidationError:
        return f"{learner.full_name} has no valid e-mail address. Edit the learner to enter one."
    others = portal.learners.filter(email__iexact=learner.email).exclude(pk=learner.pk)
    if numbers := list(others.order_by("number").values_list("number", flat=True)[:3]):
        return (
            f"The e-mail address is also that of {' and '.join(numbers)}. Whoever reads it could "
            "open the documents of both, so give each learner an address of their own first."
        )
    return ""


@transaction.atomic
def invite(*, learner: Learner, portal: Portal, by: User, now: datetime) -> LearnerAccount:
    """Make the learner's account where there is none, and mail the link to set a password.

    An account made for another number or address is deleted first, which ends its sessions. The
    password of one that fits stays until a new one is set.

    :raises CannotInvite: with the words for whoever asked.
    """
    # Two presses at once must not make two accounts.
    learner = portal.learners.select_for_update(of=("self",)).get(pk=learner.pk)
    if why := obstacle_to(learner, portal):
        raise CannotInvite(why)
    account = account_of(learner)
    if account is not None and not fits(account, learner):
        account.user.delete()
        account = None
    if account is None:
        account = _made(learner, portal, now)
    elif now - account.invited_at < _PAUSE:
        raise CannotInvite("A link was sent a moment ago. Wait a minute before you send another.")
    _let_old_links_go(account, now)
    password_links.send_to_learner(
        user=account.user, learner_name=learner.full_name, portal=portal, by=by
    )
    _record(portal, PortalAct.LEARNER_INVITED, learner, by, now)
    return account


@transaction.atomic
def end(*, learner: Learner, portal: Portal, by: User, now: datetime) -> bool:
    """Delete a learner's account with its sessions; return whether there was one."""
    account = account_of(learner)
    if account is None:
        return False
    account.user.delete()
    _record(portal, PortalAct.LEARNER_ENDED, learner, by, now)
    return True


def _made(learner: Learner, portal: Portal, now: datetime) -> LearnerAccount:
    user = User(username=_free_name(learner, portal), email=learner.email)
    user.set_unusable_password()
    user.save()
    return LearnerAccount.objects.create(
        user=user, learner=learner, number=learner.number, invited_at=now
    )


def _let_old_links_go(account: LearnerAccount, now: datetime) -> None:
    """Have earlier links work no more where no password was set by them."""
    account.invited_at = now
    account.save(update_fields=["invited_at"])
    if not account.user.has_usable_password():
        account.user.set_unusable_password()
        account.user.save(update_fields=["password"])


def _free_name(learner: Learner, portal: Portal) -> str:
    """Return a user name that nobody has.

    It is made of the number and the portal, not of the address: names are one for all portals, and
    "taken" would tell this portal's staff that another portal has the person.
    """
    own = learner.number if _PLAIN.fullmatch(learner.number) else f"learner-{learner.pk}"
    names = [f"{own}@{portal.slug}", f"{own}.{learner.pk}@{portal.slug}"]
    taken = set(User.objects.filter(username__in=names).values_list("username", flat=True))
    free = [name for name in names if name not in taken]
    return free[0] if free else f"{own}.{secrets.token_hex(4)}@{portal.slug}"


def _record(portal: Portal, act: str, learner: Learner, by: User, now: datetime) -> None:
    # By our id: the trail is kept when the learner is not, and must name nobody then.
    portal_changes.record(portal=portal, act=act, by=by, now=now, detail=f"Learner {learner.pk}")
