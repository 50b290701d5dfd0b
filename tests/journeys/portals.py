"""Makes portals in the database of a running product, and sessions of people who signed in.

One line of JSON in, one line out.

`python -m tests.journeys.portals`, with the product's own environment. A process of its own,
because the test process has another database; one that stays, because Django starts slowly.
"""

import functools
import json
import sys
from typing import Any

import django

PASSWORD = "demo"
PEOPLE: dict[str, tuple[str, str, dict[str, Any]]] = {
    "admin": ("Alex", "Ironbark", {"is_portal_admin": True, "lrm_role": "ADMIN"}),
    "staff": ("Sam", "Banksia", {"lrm_role": "USER"}),
    "accounts": ("Ari", "Grevillea", {"lrm_role": "USER", "is_accounts": True}),
    "onlooker": ("Kim", "Boronia", {"is_portal_admin": True}),
}


def main() -> None:
    """Answer until the standard input ends."""
    django.setup()
    for line in sys.stdin:
        wanted = json.loads(line)
        answer: Any = sign_in(**wanted) if "username" in wanted else make(wanted)
        print(json.dumps(answer), flush=True)  # noqa: T201 - it is the answer


def sign_in(username: str) -> tuple[str, str]:
    """Sign somebody in, and return the cookie that says so: its name and its value."""
    from django.conf import settings
    from django.test import Client

    from lrm.models import User

    client = Client()
    client.force_login(User.objects.get(username=username))
    name = settings.SESSION_COOKIE_NAME
    return name, client.cookies[name].value


def make(wanted: dict[str, Any]) -> dict[str, Any]:
    """Make a portal with its people and learners; return the learners' ids by number."""
    from lrm.models import Learner, Portal, User

    portal = Portal.objects.create(slug=wanted["slug"], name=wanted["name"])
    User.objects.bulk_create(
        User(
            username=f"{name}-{portal.slug}",
            email=f"{name}.{portal.slug}@example.com",
            first_name=first_name,
            last_name=last_name,
            portal=portal,
            password=_hashed(),
            **rights,
        )
        for name, (first_name, last_name, rights) in PEOPLE.items()
    )
    learners = Learner.objects.bulk_create(
        Learner(portal=portal, **details) for details in wanted["learners"]
    )
    return {learner.number: learner.pk for learner in learners}


@functools.cache
def _hashed() -> str:
    """Return the password as it is stored; to hash it takes half a second, on purpose."""
    from django.contrib.auth.hashers import make_password

    return make_password(PASSWORD)


if __name__ == "__main__":
    main()
