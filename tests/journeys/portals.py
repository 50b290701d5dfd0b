"""Makes portals in the database of a running product: one line of JSON in, one line out.

`python -m tests.journeys.portals`, with the product's own environment. A process of its own,
because the test process has another database; one that stays, because Django starts slowly.
"""

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
        print(json.dumps(make(json.loads(line))), flush=True)  # noqa: T201 - it is the answer


def make(wanted: dict[str, Any]) -> dict[str, Any]:
    """Make a portal with its people and learners; return the learners' ids by number."""
    from django.contrib.auth.hashers import make_password

    from lrm.models import Learner, Portal, User

    portal = Portal.objects.create(slug=wanted["slug"], name=wanted["name"])
    hashed = make_password(PASSWORD)
    User.objects.bulk_create(
        User(
            username=f"{name}-{portal.slug}",
            email=f"{name}.{portal.slug}@example.com",
            first_name=first_name,
            last_name=last_name,
            portal=portal,
            password=hashed,
            **rights,
        )
        for name, (first_name, last_name, rights) in PEOPLE.items()
    )
    learners = Learner.objects.bulk_create(
        Learner(portal=portal, **details) for details in wanted["learners"]
    )
    return {learner.number: learner.pk for learner in learners}


if __name__ == "__main__":
    main()
