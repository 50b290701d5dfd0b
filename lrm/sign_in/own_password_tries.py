"""How often who is signed in may try their password, where they choose another one.

Whoever finds a session open must not find the password, too, by which they could come back. These
counts are none of `factor_tries`: a right password gives them back, and nobody who knows it alone
may win tries of codes by that.
"""

import logging
from datetime import datetime

from lrm import notices
from lrm.models import NoticeLevel, User
from lrm.sign_in import attempt_limits
from lrm.sign_in.factor_tries import TooMany

logger = logging.getLogger(__name__)

_WHAT = "The old password was wrong too often."
_HELP = "If you have forgotten it, a portal admin can send you a link to set a new one."
_TRIED = (
    "Somebody who was signed in as you tried many passwords in order to change yours, and was "
    "locked out of that for a while. If it was not you, sign out everywhere else."
)


def count(*, user: User, address: str, now: datetime) -> TooMany | None:
    """Count an attempt before it is looked at; return why it must not be."""
    verdict = attempt_limits.count(
        username=user.username, address=address, now=now, limits=attempt_limits.OWN_PASSWORD
    )
    if verdict.free_at is None:
        return None
    logger.warning("Change of password refused unseen for user %s from %s", user.pk, address)
    if verdict.is_first_refused:
        notices.notify(users=[user], level=NoticeLevel.WARNING, text=_TRIED)
    return TooMany(max(1, int((verdict.free_at - now).total_seconds())), _WHAT, _HELP)


def give_back(*, user: User, address: str) -> None:
    """Forget the attempts: the password was right."""
    attempt_limits.give_back(
        username=user.username, address=address, limits=attempt_limits.OWN_PASSWORD
    )
