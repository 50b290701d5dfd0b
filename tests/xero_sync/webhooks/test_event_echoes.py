"""Events of our own writes are fetched together, and no change by another hand is missed."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from invoices.models import Contact
from tests.support import learners, webhook_posts
from tests.support.linked import Linked, clock
from tests.support.passing import Time
from tests.support.staff import Staff, change
from tests.support.webhook_events import fetch
from xero_sync.models import ContactPush, EventState, WebhookEvent
from xero_sync.webhooks import channel_health, deliveries, event_echoes

GET = "GET"


@pytest.fixture(autouse=True)
def keys(settings: Settings) -> None:
    """Sign as the simulator's receiver expects."""
    settings.XERO_WEBHOOK_KEYS = webhook_posts.KEYS


@pytest.fixture
def quiet(linked: Linked) -> Linked:
    """A connected portal to which events are delivered by hand."""
    linked.world.do("webhooks", enabled=False)
    linked.sweep()
    return linked


def pushed(linked: Linked, count: int) -> list[dict[str, Any]]:
    """Let so many learners become contacts, and return these as Xero has them."""
    for at in range(count):
        learners.save(linked, number=f"E{at}", family_name=f"Echo {at}", email="")
    linked.push()
    return [learners.contacts_numbered(linked, f"E{at}")[0] for at in range(count)]


def told(linked: Linked, contact: dict[str, Any], *, later: float = 0) -> dict[str, Any]:
    """Return the event of a contact's last change, or of so many seconds later."""
    at = datetime.fromisoformat(contact["updated_utc"]) + timedelta(seconds=later)
    moment = at.replace(tzinfo=None).isoformat(timespec="milliseconds")
    return webhook_posts.event(linked, "CONTACT", contact["contact_id"], eventDateUtc=moment)


def deliver(*named: dict[str, Any]) -> None:
    webhook_posts.deliver(*named)
    deliveries.unpack(now=clock())


def test_events_of_our_own_writes_are_fetched_together(quiet: Linked) -> None:
    now, contacts = Time(), pushed(quiet, 6)
    before = quiet.world.calls("/contacts", GET)

    for contact in contacts:
        deliver(told(quiet, contact))
        delay = fetch(quiet, now)
        now.pass_by(2)
    assert quiet.world.calls("/contacts", GET) == before
    assert delay is not None
    now.pass_by(event_echoes.WAIT.total_seconds() - 12)
    fetch(quiet, now)

    assert quiet.world.calls("/contacts", GET) == before + 1
    assert set(WebhookEvent.objects.values_list("state", flat=True)) == {EventState.DONE}


def test_they_wait_on_while_learners_are_sent_but_not_for_long(quiet: Linked) -> None:
    now, [ours] = Time(), pushed(quiet, 1)
    learners.save(quiet, number="E1", family_name="Still going", email="")
    sending = ContactPush.objects.filter(learner__number="E1")
    sending.update(leased_until=now() + timedelta(hours=1))
    deliver(told(quiet, ours))
    WebhookEvent.objects.update(received_at=now())
    before = quiet.world.calls("/contacts", GET)

    for _ in range(4):
        fetch(quiet, now)
        now.pass_by(event_echoes.WAIT.total_seconds())
    assert quiet.world.calls("/contacts", GET) == before
    fetch(quiet, now)

    assert quiet.world.calls("/contacts", GET) == before + 1
    assert not WebhookEvent.objects.exclude(state=EventState.DONE).exists()


def test_new_contact_that_is_announced_before_the_answer_is_stored_waits_too(
    quiet: Linked,
) -> None:
    now, [ours] = Time(), pushed(quiet, 1)
    Contact.objects.filter(xero_id=ours["contact_id"]).delete()
    ContactPush.objects.update(state="SENT", leased_until=now() + timedelta(seconds=10))
    deliver(told(quiet, ours))
    before = quiet.world.calls("/contacts", GET)

    assert fetch(quiet, now) == event_echoes.WAIT
    assert quiet.world.calls("/contacts", GET) == before
    now.pass_by(event_echoes.WAIT.total_seconds())
    fetch(quiet, now)

    assert Contact.objects.filter(xero_id=ours["contact_id"]).exists()


def test_change_by_another_hand_in_the_same_millisecond_is_found(quiet: Linked) -> None:
    now, [ours] = Time(), pushed(quiet, 1)
    change(quiet, ours["contact_id"], email="another@example.com")
    # What was stored of our own write tells the same moment.
    [theirs] = learners.contacts_numbered(quiet, "E0")
    Contact.objects.filter(xero_id=ours["contact_id"]).update(
        updated_at=datetime.fromisoformat(theirs["updated_utc"])
    )
    deliver(told(quiet, ours), told(quiet, theirs))

    fetch(quiet, now)
    now.pass_by(event_echoes.WAIT.total_seconds())
    fetch(quiet, now)

    assert Contact.objects.get(xero_id=ours["contact_id"]).email == "another@example.com"


@pytest.mark.parametrize("later", [-60, 1.001, 60])
def test_change_at_another_time_is_fetched_at_once(quiet: Linked, later: float) -> None:
    """Whatever Xero's clock of events says: an event that is late, or early, is nobody's echo."""
    now, [ours] = Time(), pushed(quiet, 1)
    change(quiet, ours["contact_id"], email="another@example.com")
    deliver(told(quiet, ours, later=later))

    fetch(quiet, now)

    assert Contact.objects.get(xero_id=ours["contact_id"]).email == "another@example.com"


def test_event_that_waits_has_announced_what_a_sweep_finds_meanwhile(quiet: Linked) -> None:
    now, [ours] = Time(), pushed(quiet, 1)
    change(quiet, ours["contact_id"], email="another@example.com")
    deliver(told(quiet, ours))
    assert fetch(quiet, now) == event_echoes.WAIT

    quiet.sweep()

    assert Contact.objects.get(xero_id=ours["contact_id"]).email == "another@example.com"
    assert channel_health.unhealthy_in_words(quiet.organisation.pk) == ""


def test_change_that_shows_late_shows(quiet: Linked) -> None:
    staff, now = Staff(quiet), Time()
    learner = staff.save(ticked=True, number="E0", given_name="Echo", family_name="Nought")
    quiet.push()
    [ours] = learners.contacts_numbered(quiet, "E0")
    change(quiet, ours["contact_id"], name="Echo Nought-Smith")
    deliver(told(quiet, ours))

    fetch(quiet, now)
    now.pass_by(event_echoes.WAIT.total_seconds())
    fetch(quiet, now)

    assert "Echo Nought-Smith" in staff.invoices(learner)
