"""Telling portal admins that a connection needs a person: a notice and an e-mail each.

Called once a move into a broken state, inside its transaction: the notices are part of the move,
the e-mail goes out after commit. An e-mail that cannot be sent undoes nothing; the banner and the
bell say the same.
"""

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from connected_apps.models import Connection, State
from lrm import day_formats, mail, notices
from lrm.models import NoticeLevel, Portal, User


def portal_admins(portal: Portal) -> list[User]:
    """Return the people who look after connected apps."""
    return list(User.objects.filter(portal=portal, is_portal_admin=True, is_active=True))


def notify_broken(connection: Connection) -> None:
    """Tell the portal's admins that the connection stands still and what brings it back."""
    admins = portal_admins(connection.portal)
    url = reverse("connected_apps")
    headline = _headline(connection)
    text = f"{headline} {connection.reason}"
    notices.notify(users=admins, level=NoticeLevel.WARNING, text=text, url=url)
    paragraphs = [
        text,
        _last_good_sync(connection),
        "Nothing is lost: what is synced stays, and whatever changed meanwhile is "
        "fetched by itself once Xero is connected again.",
        f"To reconnect, open {settings.PUBLIC_URL}{url}",
    ]
    mail.send_after_commit(
        addresses=[admin.email for admin in admins],
        subject=headline,
        body="\n\n".join(paragraphs),
        about=f"connection {connection.pk}",
    )


def _headline(connection: Connection) -> str:
    name = connection.organisation.name if connection.organisation else "Xero"
    if connection.state == State.DISCONNECTED_IN_XERO:
        return f"{name} was disconnected in Xero."
    return f"{name} needs reconnecting to Xero."


def _last_good_sync(connection: Connection) -> str:
    if connection.last_good_sync_at is None:
        return "There has been no complete sync yet."
    with timezone.override(connection.portal.time_zone):
        local = timezone.localtime(connection.last_good_sync_at)
        return f"The last complete sync was on {day_formats.long_day(local)}, {local:%H:%M}."
