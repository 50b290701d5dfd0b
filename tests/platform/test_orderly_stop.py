"""Everything is told to stop while a re-sync runs: it does so soon, and nothing is lost by it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from connected_apps.models import Organisation
from tests.convergence import books
from tests.support import (
    builders,
    composed,
    own_product,
    simulator_process,
    waiting,
    webhook_posts,
    xero,
)
from tests.support.simulator_client import SimulatorClient
from xero_sync.models import Cursor, RunState, SyncRun

pytestmark = [pytest.mark.timeout(400), pytest.mark.usefixtures("transactional_db")]
# Compose kills after 25 seconds: whoever waits for more than a page comes near it.
SECONDS = 22
KEY = "made-up"
BODY = webhook_posts.envelope({"eventCategory": "INVOICE"})
BOOKS = ("--no-limits", "--documents", "1200", "--contacts", "100", "--max-page-size", "50")


@pytest.fixture
def world(settings: Settings) -> Iterator[SimulatorClient]:
    """Give a Xero whose lists take long: each page half a second."""
    with simulator_process.running(*BOOKS) as url:
        xero.point_at(url, settings)
        world = SimulatorClient(url)
        yield world


@pytest.fixture
def organisation(world: SimulatorClient) -> Organisation:
    """Connect a portal, whose first sync waits for workers."""
    person = xero.Browser(world, builders.make_user(builders.make_portal(), portal_admin=True))
    person.connect()
    assert person.connection.organisation is not None
    slow = {"delay_seconds": 0.5}
    world.do("faults", match={"path": "/Invoices"}, times=-1, answer=slow)
    return person.connection.organisation


def environment(world: SimulatorClient, place: Path) -> dict[str, str]:
    return own_product.environment(
        place,
        XERO_API_URL=world.url,
        XERO_WEBHOOK_KEYS=KEY,
        XERO_IDENTITY_URL=world.url,
        REDIS_URL=django_settings.REDIS_URL,
    )


def is_reading(run: SyncRun) -> bool:
    """Return whether some pages of it are stored, and others are not."""
    return run.steps.filter(next_page__gt=3, done_at=None).exists()


def test_all_stops_in_time_while_a_resync_runs_and_it_ends_right_afterwards(
    world: SimulatorClient, organisation: Organisation, tmp_path: Path
) -> None:
    run = SyncRun.objects.get(organisation=organisation)
    with composed.running(tmp_path, environment(world, tmp_path)) as first:
        assert waiting.wait_until(lambda: is_reading(run))
        first.stop()

    run.refresh_from_db()
    assert run.is_open, "it was to be stopped in the midst of it"
    assert set(first.stopped) == {"web", "worker", "worker-bulk", "worker-hooks", "beat"}, (
        first.stopped
    )
    assert {code for _, code in first.stopped.values()} == {0}, first.stopped
    assert max(seconds for seconds, _ in first.stopped.values()) < SECONDS, first.stopped
    # Given back, not left to lapse: who starts next goes on at once.
    assert run.leased_until is None
    read_before = sum(step.read_count for step in run.steps.all())

    world.heal()
    with composed.running(tmp_path, environment(world, tmp_path)) as second:
        assert waiting.wait_until(lambda: not SyncRun.objects.get(pk=run.pk).is_open)
        assert requests.get(f"{second.url}/readyz", timeout=60).ok
        own_product.send(second.url, webhook_posts.sign(BODY, KEY), BODY)
        second.stop()
    # What has nothing to do any more, but has done much, ends as soon.
    assert set(second.stopped) == set(first.stopped), second.stopped
    assert max(seconds for seconds, _ in second.stopped.values()) < SECONDS, second.stopped

    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.DONE, "")
    assert read_before > 0
    # A page and its count are one transaction: more were read than there are if one came twice.
    assert all(step.read_count == step.item_count for step in run.steps.all())
    assert not Cursor.objects.filter(organisation=organisation, leased_until=None).exclude(
        next_page=1
    )
    shown = world.show("books", tenant=str(organisation.tenant_id))
    assert books.differences(books.theirs(shown), books.ours(organisation)) == {}
