"""The bell: short notices for one person each, written by any app, read in the header."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from lrm import old_rows
from lrm.models import Notice, NoticeLevel, User

# Notices go by their age, read or not: what they tell of stands on a page as well.
TABLE = old_rows.Table("lrm_notice", "created_at")
LATEST = 8
MAX_TEXT = 500


def notify(
    *, users: Iterable[User], text: str, level: str = NoticeLevel.INFO, url: str = ""
) -> list[Notice]:
    """Put a notice under the bell of each user; longer texts are cut at 500 characters.

    :raises ValueError: when `url` leads anywhere but to a page of ours.
    """
    if url and (not url.startswith("/") or url.startswith("//")):
        raise ValueError("A notice leads to a page of the LRM: its url starts with one slash.")
    text = text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"
    return Notice.objects.bulk_create(
        Notice(user=user, level=level, text=text, url=url) for user in users
    )


def of_user(user: User) -> QuerySet[Notice]:
    """Return the user's notices, newest first."""
    return Notice.objects.filter(user=user).order_by("-created_at", "-id")


def latest(*, user: User) -> list[Notice]:
    """Return the few newest notices for the dropdown."""
    return list(of_user(user)[:LATEST])


def unread_count(*, user: User) -> int:
    """Return how many notices the user has not read."""
    return Notice.objects.filter(user=user, read_at=None).count()


def mark_all_read(*, user: User, now: datetime) -> int:
    """Mark everything unread as read and return how many that were."""
    return Notice.objects.filter(user=user, read_at=None).update(read_at=now)
