"""The trail of acts about a portal and its people."""

from datetime import datetime

from lrm.models import Portal, PortalChange, User

# Whoever operates the system, at its shell.
OPERATOR = "Support, by command"
# Nobody: the system did it.
BY_ITSELF = "By itself"


def record(
    *,
    portal: Portal,
    act: str,
    by: User | None,
    now: datetime,
    by_name: str = "",
    about: User | None = None,
    detail: str = "",
) -> PortalChange:
    """Write one line, in the transaction of the act.

    :param by: None where it is whoever operates the installation, by a command,
        unless `by_name` says who else.
    """
    return PortalChange.objects.create(
        portal=portal,
        at=now,
        act=act,
        by=by,
        by_name=str(by or by_name or OPERATOR)[:200],
        about=about,
        about_name=str(about or "")[:200],
        detail=detail[:500],
    )
