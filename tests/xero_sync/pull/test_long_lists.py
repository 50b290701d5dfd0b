"""What Xero refuses to list at once is swept span by span, in few calls, and all of it."""

import random
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from pytest_django.fixtures import Settings

from invoices.models import Contact, Document
from tests.support import limiting, simulator_process
from tests.support.linked import Linked, clock
from tests.support.mirror import ours, theirs
from tests.support.resyncs import ask
from xero_sync.jobs import leases, sweep_schedule
from xero_sync.maintenance import daily_check
from xero_sync.models import Cursor
from xero_sync.runs import run_worker
from xero_sync.sweeps import sweeper, time_slices

MOST = 40


@pytest.fixture(scope="session")
def simulator_url() -> Iterator[str]:
    """Run a simulator that refuses lists of more than a few records, and pages of more than ten."""
    small = ("--documents", "160", "--contacts", "30", "--max-page-size", "10")
    limits = ("--minute-limit", "--day-limit", "--app-minute-limit")
    high = [part for name in limits for part in (name, "1000000")]
    with simulator_process.running("--no-limits", *high, "--most-listed", str(MOST), *small) as url:
        yield url


@pytest.fixture(autouse=True)
def no_limits(settings: Settings) -> Iterator[None]:
    """Let the minute stand in nobody's way."""
    settings.XERO_MINUTE_LIMIT = settings.XERO_DAY_LIMIT = 1_000_000
    settings.XERO_APP_MINUTE_LIMIT = 1_000_000
    limiting.forget_shared()
    yield
    limiting.forget_shared()


def clock_of(linked: Linked) -> leases.Clock:
    """Return a clock for workers that runs with Xero's, which is told to jump here."""
    ahead = simulator_process.moment(linked.world.show("clock")["now"]) - clock()
    return lambda: clock() + ahead


def sweep(linked: Linked) -> timedelta | None:
    """Sweep everything now."""
    now = clock_of(linked)
    sweep_schedule.make_due(organisation_id=linked.organisation.pk, now=now())
    return sweeper.sweep(organisation_id=linked.organisation.pk, clock=now)


def cursor_of(resource: str) -> Cursor:
    """Return the cursor of a kind."""
    return Cursor.objects.get(resource=resource)


def contacts_in_xero(linked: Linked) -> set[str]:
    """Return the ids of all contacts."""
    return {one["contact_id"] for one in linked.books()["contacts"]}


def contacts_here() -> set[str]:
    """Return the ids of those stored."""
    return {str(one) for one in Contact.objects.values_list("xero_id", flat=True)}


def touch_over_days(linked: Linked) -> set[str]:
    """Touch most documents, a few at a time with hours between, tell nobody, return their ids."""
    linked.world.do("webhooks", enabled=False)
    touched: set[str] = set()
    for number in range(12):
        linked.world.do("clock", advance_seconds=3 * 3600)
        touched |= set(linked.world.do("touch", tenant=linked.tenant, count=30, seed=number)["ids"])
    linked.world.do("clock", advance_seconds=600)
    return touched


def add_contacts_over_days(linked: Linked) -> None:
    """Add many contacts, ten an hour, so that there are moments between them."""
    linked.world.do("webhooks", enabled=False)
    for number in range(3 * MOST):
        if number % 10 == 0:
            linked.world.do("clock", advance_seconds=3600)
        linked.world.do("contacts", tenant=linked.tenant, act="create", name=f"Robin {number}")
    linked.world.do("clock", advance_seconds=600)


def test_more_contacts_than_xero_lists_are_all_swept(linked: Linked) -> None:
    add_contacts_over_days(linked)
    now = clock_of(linked)

    assert sweep(linked) is None

    cursor = cursor_of("CONTACT")
    assert contacts_here() == contacts_in_xero(linked)
    assert (cursor.until, cursor.next_page, cursor.problem) == (None, 1, "")
    assert cursor.swept_through is not None
    assert cursor.swept_through > now() - timedelta(minutes=1)


def test_more_contacts_than_xero_lists_are_counted(linked: Linked) -> None:
    add_contacts_over_days(linked)
    assert sweep(linked) is None
    Cursor.objects.filter(resource="CONTACT").update(count_due_at=clock())

    daily_check.check(organisation_id=linked.organisation.pk, clock=clock_of(linked))

    counted = cursor_of("CONTACT")
    assert counted.count_in_xero == counted.count_here == len(contacts_in_xero(linked)) > MOST


def test_gap_of_more_changes_than_xero_lists_is_closed(linked: Linked) -> None:
    linked.sweep()
    touched = touch_over_days(linked)
    Document.objects.filter(kind="INVOICE", xero_id__in=touched).delete()
    assert len(theirs(linked)) - len(ours(linked)) > MOST
    before = linked.world.calls("/invoices")

    assert sweep(linked) is None

    assert ours(linked) == theirs(linked)
    assert linked.world.calls("/invoices") - before < 60
    assert cursor_of("INVOICE").until is None


def test_walk_of_a_span_goes_on_where_it_broke_off(linked: Linked) -> None:
    add_contacts_over_days(linked)
    bounded = {"path": "/Contacts", "query": r"^(?=.*page=2(&|$)).*UpdatedDateUTC<"}
    linked.world.do("faults", match=bounded, times=1, answer={"status": 500})
    assert sweep(linked) is not None
    broken = cursor_of("CONTACT")
    assert broken.until is not None
    assert broken.next_page == 2

    # What it has read already it must not ask for again.
    bound = f"UpdatedDateUTC<DateTime\\({broken.until:%Y,%m,%d,%H,%M,%S}"
    first = {"path": "/Contacts", "query": f"^(?=.*page=1(&|$)).*{bound}"}
    linked.world.do("faults", match=first, times=-1, answer={"status": 500})

    assert sweep(linked) is None

    assert contacts_here() == contacts_in_xero(linked)


def break_off(linked: Linked, *, page: int) -> None:
    """Let the walk of a bounded list of contacts fail once at a page."""
    bounded = {"path": "/Contacts", "query": rf"^(?=.*page={page}(&|$)).*UpdatedDateUTC<"}
    linked.world.do("faults", match=bounded, times=1, answer={"status": 503})


def change(linked: Linked, contact_ids: Iterable[str]) -> None:
    """Give contacts another e-mail address, which moves them out of every list of what is old."""
    for one in contact_ids:
        linked.world.do(
            "contacts", tenant=linked.tenant, act="update", id=one, email=f"{one}@example.test"
        )


@pytest.mark.parametrize("tells", [True, False])
def test_bounded_walk_that_is_taken_up_again_loses_nobody_when_contacts_have_left_it(
    linked: Linked, tells: bool
) -> None:
    add_contacts_over_days(linked)
    break_off(linked, page=3)
    if not tells:
        linked.world.fail("/Contacts", times=-1, named="untold")
    assert sweep(linked) is not None
    cursor = cursor_of("CONTACT")
    assert (cursor.until is None, cursor.next_page) == (False, 3)
    change(linked, sorted(contacts_here())[:7])

    assert sweep(linked) is None

    assert contacts_here() == contacts_in_xero(linked)


def test_list_that_tells_no_count_is_read_to_its_first_empty_page(linked: Linked) -> None:
    linked.world.fail("/api.xro/2.0/[A-Z]", times=-1, named="untold")

    assert sweep(linked) is None
    run = linked.work(ask(linked))

    assert contacts_here() == contacts_in_xero(linked)
    assert ours(linked) == theirs(linked)
    assert "Xero gave no count" in run.reason


@pytest.mark.parametrize("pattern", range(6))
def test_clock_that_is_put_back_ends_no_list_that_tells_no_count(
    linked: Linked, pattern: int
) -> None:
    """At the end of a turn: what is not read yet was not there for it."""
    linked.world.fail("/api.xro/2.0/[A-Z]", times=-1, named="untold")
    rng = random.Random(pattern)
    run = ask(linked)

    for _ in range(200):
        if run_worker.work_on(run_id=run.pk, clock=partial(sometimes_ahead, rng)) is None:
            break

    assert ours(linked) == theirs(linked)


def sometimes_ahead(rng: random.Random) -> datetime:
    return clock() + timedelta(seconds=rng.choice([0, 40]))


def test_list_that_is_rejected_at_any_length_costs_one_call_a_try_and_says_why(
    linked: Linked,
) -> None:
    add_contacts_over_days(linked)
    body = '{"ErrorNumber":10,"Type":"ValidationException","Message":"Not today, thank you"}'
    linked.world.fail("/Contacts", times=-1, status=400, body=body)

    delay = sweep(linked)

    assert delay is not None
    assert linked.world.calls("/contacts") < 30
    assert "Not today, thank you" in cursor_of("CONTACT").problem
    before = linked.world.calls("/contacts")
    sweep(linked)
    assert linked.world.calls("/contacts") == before + 1
    # The other kinds are swept meanwhile.
    sweeper.sweep(organisation_id=linked.organisation.pk, clock=clock_of(linked))
    assert not Cursor.objects.exclude(resource="CONTACT").filter(last_swept_at=None).exists()
    linked.world.heal()
    assert sweep(linked) is None
    assert contacts_here() == contacts_in_xero(linked)
    assert cursor_of("CONTACT").problem == ""


@pytest.mark.parametrize("hours", [0.02, 1, 24, 24 * 365 * 20])
def test_span_is_halved_no_further_than_a_minute_and_grows_again(hours: float) -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    start = now - timedelta(hours=hours)
    cursor = Cursor(swept_through=start)

    halvings = 0
    while (until := time_slices.shorter(cursor, now=now)) is not None:
        assert start < until < now
        cursor.until, halvings = until, halvings + 1
    walks = 1
    while cursor.until is not None:
        begun, following = cursor.until, time_slices.following(cursor, now=now)
        cursor.swept_through, cursor.until, walks = begun, following, walks + 1

    assert halvings <= 24
    assert walks <= 30
