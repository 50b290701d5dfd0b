"""How often codes may be tried, and what is said to whoever tried too many."""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest

from lrm import notices
from lrm.models import NoticeLevel, User
from lrm.sign_in import attempt_limits, factor_mails

logger = logging.getLogger(__name__)

_TRIED = (
    "Somebody entered your password and then many wrong codes, and was locked out for a while. If "
    "it was not you, they know your password: change it."
)


@dataclass(frozen=True)
class TooMany:
    """An attempt that is refused unseen: for how long, what was tried, and who can help."""

    seconds: int
    what: str = "Too many codes were wrong."
    help: str = (
        "If you have lost your app, passkeys and recovery codes, a portal admin can reset your "
        "second factor."
    )

    @property
    def words(self) -> str:
        """What the person reads."""
        minutes = -(-self.seconds // 60)
        wait = f"Wait {minutes} minute{'' if minutes == 1 else 's'}, then try again."
        return f"{self.what} {wait} {self.help}"


def address_of(request: HttpRequest) -> str:
    """Return where a request comes from, as `lrm.door.proxies` found it."""
    return str(request.META.get("REMOTE_ADDR", ""))


def count(*, user: User, address: str, now: datetime) -> TooMany | None:
    """Count an attempt before it is looked at; return why it must not be."""
    verdict = attempt_limits.count(
        username=user.username, address=address, now=now, limits=attempt_limits.CODE
    )
    if verdict.free_at is None:
        return None
    logger.warning("Second factor refused unseen for user %s from %s", user.pk, address)
    if verdict.is_first_refused:
        notices.notify(users=[user], level=NoticeLevel.WARNING, text=_TRIED)
        factor_mails.tried(user)
    return TooMany(max(1, int((verdict.free_at - now).total_seconds())))


def give_back(*, user: User, address: str) -> None:
    """Forget the attempts: a code was right."""
    attempt_limits.give_back(username=user.username, address=address, limits=attempt_limits.CODE)
