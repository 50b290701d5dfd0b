"""Plain builders for what most tests need. Everything made up, every name used once."""

import itertools
from typing import Any

from django.test import Client
from django.utils import timezone

from lrm.models import Learner, LearnerAccount, LrmRole, Portal, User
from tests.support import neighbours

_numbers = itertools.count(1)
PASSWORD = "made-up-password"


def make_portal(
    name: str = "Wattle Creek Training", *, slug: str = "", time_zone: str = "Australia/Sydney"
) -> Portal:
    """Store a portal; its slug is unique where none is given."""
    slug = slug or f"portal-{next(_numbers)}"
    return Portal.objects.create(name=name, slug=slug, time_zone=time_zone)


def make_user(
    portal: Portal | None,
    *,
    username: str = "",
    portal_admin: bool = False,
    role: LrmRole = LrmRole.USER,
    accounts: bool = False,
    **fields: Any,
) -> User:
    """Store a user who can sign in with `PASSWORD`; an ordinary LRM user unless told."""
    username = username or f"user{next(_numbers)}"
    return User.objects.create_user(
        username,
        email=f"{username}@example.com",
        password=PASSWORD,
        portal=portal,
        is_portal_admin=portal_admin,
        lrm_role=role,
        is_accounts=accounts,
        **fields,
    )


def make_learner(portal: Portal, **fields: Any) -> Learner:
    """Store a learner; number, name and e-mail are unique where not given."""
    n = next(_numbers)
    defaults: dict[str, Any] = {
        "number": f"T{n:06}",
        "given_name": "Robin",
        "family_name": f"Made-Up {n}",
        "email": f"learner{n}@example.com",
    }
    return Learner.objects.create(portal=portal, **{**defaults, **fields})


def client_of(user: User | None) -> Client:
    """Return a test client, signed in where a user is given."""
    client = neighbours.OwnPortalClient()
    if user is not None:
        client.force_login(user)
    return client


def make_learner_account(learner: Learner) -> User:
    """Let a learner sign in with `PASSWORD`, as after an invitation; return their user."""
    user = User.objects.create_user(
        f"learner{next(_numbers)}", email=learner.email, password=PASSWORD
    )
    LearnerAccount.objects.create(
        user=user, learner=learner, number=learner.number, invited_at=timezone.now()
    )
    return user
