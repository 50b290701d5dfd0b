"""Between password and second factor: who waits there, and how long. Nobody is signed in yet."""

import secrets
from datetime import datetime, timedelta

from django.http import HttpRequest

from lrm.models import User

LIFE = timedelta(minutes=10)
_NAME = "second_step"


def begin(*, request: HttpRequest, user: User, now: datetime) -> None:
    """Note that the password was right, in a session that nobody can have planted."""
    request.session.cycle_key()
    request.session[_NAME] = {
        "user": user.pk,
        "at": now.timestamp(),
        "hash": user.get_session_auth_hash(),
    }


def user_of(*, request: HttpRequest, now: datetime) -> User | None:
    """Return who is awaited: None after ten minutes, and after any change of the account."""
    noted = request.session.get(_NAME)
    if noted is None or now.timestamp() - noted["at"] > LIFE.total_seconds():
        return None
    user = User.objects.select_related("portal").filter(pk=noted["user"], is_active=True).first()
    if user is None or not secrets.compare_digest(user.get_session_auth_hash(), noted["hash"]):
        return None
    return user


def end(*, request: HttpRequest) -> None:
    """Forget it."""
    request.session.pop(_NAME, None)
