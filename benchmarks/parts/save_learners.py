"""`save_learners WEB PORTAL_SLUG COUNT quiet|resync`: somebody saves learners by the form.

One after the other, at the pace of somebody very quick. With `resync` re-syncs of the same
organisation run meanwhile, one after the other. Prints when each form was sent, in seconds since
the epoch, by the learner's number, and how many re-syncs there were.
"""

import json
import sys
import time

from benchmarks.parts import product, pushes, watch_events
from lrm.demo.person import Person
from lrm.models import Portal, User

PACE_SECONDS = 0.3
_PASSWORD = "made-up-for-measuring"  # noqa: S105 - made up, and gone with the database


def sign_in(web: str, portal: Portal) -> Person:
    """Return the portal's admin, signed in by the page."""
    user = User.objects.get(portal=portal)
    user.set_password(_PASSWORD)
    user.save()
    person = Person(web)
    page = person.open("/sign-in/")
    page = person.submit(page.form("/sign-in/"), {"username": user.username, "password": _PASSWORD})
    assert not page.path.startswith("/sign-in"), page.text[:300]
    return person


def save(person: Person, number: str) -> float:
    """Fill in and send the form; return when it was sent."""
    form = person.open("/learners/new/").form("/learners/new/")
    filled = {
        "number": number,
        "given_name": "Quinn",
        "family_name": f"Saved {number}",
        "email": f"{number.lower()}@example.com",
        "sync_to_xero": "on",
    }
    sent_at = product.clock().timestamp()
    page = person.submit(form, filled)
    assert not page.path.endswith("/new/"), page.text[:500]
    return sent_at


def main(web: str, slug: str, count: int, what: str) -> None:
    """Save so many learners."""
    portal = Portal.objects.get(slug=slug)
    person = sign_in(web, portal)
    running = watch_events.Resyncs() if what == "resync" else None
    sent_at: dict[str, float] = {}
    for at in range(count):
        began = time.monotonic()
        if running:
            running.keep_running()
        number = f"{what[0].upper()}{at:06}"
        sent_at[number] = save(person, number)
        time.sleep(max(0.0, PACE_SECONDS - (time.monotonic() - began)))
    learners = portal.learners.filter(number__in=sent_at)
    pushes.wait_for(list(learners.values_list("id", flat=True)))
    print(json.dumps({"sent_at": sent_at, "resyncs": running.started if running else 0}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4])
