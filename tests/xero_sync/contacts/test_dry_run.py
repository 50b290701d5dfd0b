"""What the dry run foretells is what the pushes then do, learner by learner."""

import pytest

from tests.support.dry_run_cast import ALL, Cast, foretell_and_start, say
from tests.support.linked import Linked
from xero_sync.contacts.dry_run import Fate


@pytest.fixture
def cast(unstarted: Linked) -> Cast:
    """Set all of them up, in a portal whose contacts are read, and before anybody starts."""
    unstarted.world.do("webhooks", enabled=False)
    cast = Cast(unstarted)
    cast.learner("has all already", Fate.SAME, contact=ALL)
    cast.learner(
        "has no e-mail here", Fate.SAME, contact=ALL | {"email": "k@example.com"}, email=""
    )
    cast.learner("has another e-mail there", Fate.CHANGED, contact=ALL | {"email": "o@example.com"})
    cast.learner("has another name there", Fate.CHANGED, contact=ALL | {"name": "Née Other"})
    cast.learner(
        "spelled otherwise",
        Fate.CHANGED,
        contact=ALL | {"name": "UP {number}, MADE"},
        family_name="Up L900005",
    )
    cast.learner("has nobody", Fate.CREATED)
    cast.learner(
        "only the number", Fate.ASKED, contact={"name": "Ravi Stranger", "number": "{number}"}
    )
    cast.learner("same name, no number", Fate.ASKED, contact={"name": "{name}", "email": "{email}"})
    cast.learner(
        "same name, other number", Fate.ASKED, contact={"name": "{name}", "number": "X-{number}"}
    )
    cast.learner(
        "number is archived",
        Fate.CLASH,
        contact={"name": "Gone Stranger", "number": "{number}"},
        archived=True,
    )
    cast.learner("archived, and the same", Fate.CLASH, contact=ALL, archived=True)
    # Two who share an address with each other, which then says nothing.
    for name in ("Amy", "Bo"):
        cast.learner(
            "a shared e-mail",
            Fate.ASKED,
            contact=ALL | {"name": f"Parent of {name}"},
            given_name=name,
            email="parent@example.com",
        )
    # Two new namesakes, and one whose name a linked contact has.
    for what in ("a new namesake", "another new namesake"):
        cast.learner(what, Fate.CREATED, given_name="Twin", family_name="Made-Up")
    cast.learner(
        "namesake of a linked one", Fate.CREATED, given_name="Made", family_name="Up L900001"
    )
    unstarted.sweep()
    rejected = cast.learner(
        "somebody said no", Fate.CLASH, contact={"name": "Not Them", "number": "{number}"}
    )
    shared = cast.learner(
        "shares a contact, first", Fate.CHANGED, contact={"name": "Employer", "number": "{number}"}
    )
    unstarted.sweep()
    say(cast, rejected, cast.contacts[rejected.pk], yes=False)
    say(cast, shared, cast.contacts[shared.pk], yes=True)
    return cast


def test_dry_run_foretells_what_the_pushes_do(cast: Cast) -> None:
    foretell_and_start(cast)
