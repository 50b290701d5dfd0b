"""Telling portal admins that a connection needs a person: a notice and an e-mail each.

Called once a move into a broken state, inside its transaction: the notices are part of the move,
the e-mail goes out after commit. An e-mail that cannot be sent undoes nothing; the banner and the
bell say the same.
"""

from django.conf import settings
from django.urls import reverse

from connected_apps import registry
from connected_apps.models import XERO, Connection, State
from lrm import day_formats, mail, moments, notices
from lrm.models import NoticeLevel, Portal, User


def portal_admins(portal: Portal) -> list[User]:
    """Return the people who look after connected apps."""
    return list(User.objects.filter(portal=portal, is_portal_admin=True, is_active=True))


def notify_broken(connection: Connection) -> None:
    """Tell the portal's admins that the connection stands still and what brings it back."""
    admins = portal_admins(connection.portal)
    url = reverse("connected_apps")
    title = registry.title_of(connection.app)
    text = f"{_headline(connection)} {connection.reason}"
    notices.notify(users=admins, level=NoticeLevel.WARNING, text=text, url=url)
    paragraphs = [text]
    if connection.app == XERO:
        paragraphs.append(
            f"{_missing_since(connection)} Nothing is lost: what changed meanwhile arrives within "
            "minutes after that."
        )
    paragraphs.append(f"Reconnect: {settings.PUBLIC_URL}{url}")
    mail.send_after_commit(
        addresses=[admin.email for admin in admins],
        subject=f"Action needed: reconnect {title} for {connection.portal.name}",
        body="\n\n".join(paragraphs),
        about=f"connection {connection.pk}",
    )


def _headline(connection: Connection) -> str:
    title = registry.title_of(connection.app)
    if connection.organisation is None:
        return f"{title} needs reconnecting."
    name = connection.organisation.name
    if connection.state == State.DISCONNECTED_IN_XERO:
        return f"{name} was disconnected in {title}."
    return f"{name} needs reconnecting to {title}."


def _missing_since(connection: Connection) -> str:
    """Return from when on changes are missing, with the zone of the clock: mail travels."""
    last = connection.last_good_sync_at
    if last is None:
        return "Documents are missing here until you reconnect."
    zone = connection.portal.zone
    clock = moments.clock_with_zone(last, zone=zone)
    day = day_formats.long_day(last.astimezone(zone))
    return f"Changes since {clock} on {day} are missing here until you reconnect."
