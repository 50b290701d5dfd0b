"""`save_many SIMULATOR PORTAL_SLUG COUNT together|singly|known`: many learners at once.

`together` saves them in one transaction, `singly` each in its own; `known` are learners whose
number, names and address contacts in Xero have already. Prints how many there were, and the seconds
from the first being saved to the last being in Xero, once the webhooks of it have settled too.
"""

import json
import re
import sys
import time
from contextlib import nullcontext

import requests
from django.db import transaction

from benchmarks.parts import product, pushes
from connected_apps.queries import connection_of
from lrm.models import Portal, User
from lrm.roster import learners


def new_ones(count: int, how: str) -> list[learners.LearnerDetails]:
    """Return learners that nobody knows yet."""
    return [
        learners.LearnerDetails(
            number=f"{how[0].upper()}{at:06}",
            given_name=how.title(),
            family_name=f"Made-Up {at}",
            email=f"{how}{at}@example.com",
            sync_to_xero=True,
        )
        for at in range(count)
    ]


def known_ones(simulator: str, portal: Portal, count: int) -> list[learners.LearnerDetails]:
    """Return learners as Xero has them."""
    connection = connection_of(portal)
    assert connection is not None
    assert connection.organisation is not None
    tenant = str(connection.organisation.tenant_id)
    books = requests.get(f"{simulator}/simulator/books", {"tenant": tenant}, timeout=120).json()
    found = [
        learners.LearnerDetails(
            number=one["number"],
            given_name=one["given_name"],
            family_name=one["family_name"],
            email=one["email"],
            sync_to_xero=True,
        )
        for one in books["contacts"]
        if one["status"] == "ACTIVE" and re.fullmatch(r"L\d{6}", one["number"])
    ]
    assert len(found) >= count, f"Xero has {len(found)} learners only."
    return found[:count]


def main(simulator: str, slug: str, count: int, how: str) -> None:
    """Save so many learners, and watch."""
    portal = Portal.objects.get(slug=slug)
    by = User.objects.get(portal=portal)
    many = known_ones(simulator, portal, count) if how == "known" else new_ones(count, how)
    began = time.monotonic()
    with nullcontext() if how == "singly" else transaction.atomic():
        saved = [
            learners.save_learner(portal=portal, details=one, by=by, now=product.clock()).pk
            for one in many
        ]
    pushes.wait_for(saved)
    seconds = time.monotonic() - began
    pushes.settle()
    print(json.dumps({"learners": len(saved), "seconds": seconds}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
