"""Making a portal and its first portal admin: what every installation begins with."""

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify

from lrm.models import LrmRole, Portal, User


class NotMade(Exception):
    """The portal was not made; the message says which field is wrong, and how."""


@dataclass(frozen=True)
class Wanted:
    """What a new portal begins with; an empty slug is made from the name."""

    name: str
    time_zone: str
    username: str
    email: str
    slug: str = ""
    given_name: str = ""
    family_name: str = ""


@transaction.atomic
def make(wanted: Wanted) -> User:
    """Make the portal and its portal admin, who has every right and no password yet.

    :raises NotMade: where something of it cannot be, or is there already.
    """
    portal = Portal(
        name=wanted.name.strip(),
        slug=wanted.slug or slugify(wanted.name)[:50],
        time_zone=wanted.time_zone,
    )
    user = User(
        username=wanted.username.strip(),
        email=wanted.email.strip(),
        first_name=wanted.given_name.strip(),
        last_name=wanted.family_name.strip(),
        portal=portal,
        is_portal_admin=True,
        lrm_role=LrmRole.ADMIN,
        is_accounts=True,
    )
    user.set_unusable_password()
    try:
        portal.full_clean()
        user.full_clean(exclude=["portal"])
    except ValidationError as problem:
        raise NotMade(_in_words(problem)) from None
    portal.save()
    user.save()
    return user


def _in_words(problem: ValidationError) -> str:
    lines = [
        f"{field.replace('_', ' ')}: {' '.join(sentences)}"
        for field, sentences in problem.message_dict.items()
    ]
    return "\n".join(lines)
