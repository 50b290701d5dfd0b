"""Many organisations at once: all are filled, no limit of Xero's is broken, and none waits long.

24 of them in `make test`, 1,000 in the long run of `make soak`.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from django.conf import settings as django_settings
from django.utils import timezone
from pytest_django.fixtures import Settings

from connected_apps.models import Connection, Organisation, State
from connected_apps.oauth import identity, tokens
from tests.convergence import books, crew
from tests.convergence.stage import SCHEDULES, point_at
from tests.support import builders, consent_walk, simulator_process, valkey_flush
from xero_sync.jobs import sweep_schedule
from xero_sync.runs import run_requests

FEW, MANY = 24, 1000
WORKERS = 3
VERIFIER = "made-up-" * 8
SPEED = 60
# So low that it is what everybody waits for: some thirteen calls fill an organisation.
APP_MINUTE_LIMIT = 600
FAST = {
    "XERO_MINUTE_SECONDS": str(60 / SPEED),
    "XERO_DAY_SECONDS": str(86_400 / SPEED),
    "XERO_CONCURRENT_LIMIT": "5",
    "XERO_APP_MINUTE_LIMIT": str(APP_MINUTE_LIMIT),
    "XERO_READ_SECONDS": "30",
}


@pytest.fixture
def many(request: pytest.FixtureRequest) -> int:
    """Give the number of organisations."""
    return MANY if request.config.getoption("schedules", SCHEDULES) > SCHEDULES else FEW


@pytest.fixture
def busy_simulator(many: int, settings: Settings) -> Iterator[str]:
    """Run a simulator with so many organisations, whose limits are on and pass fast."""
    arguments = ("--documents", "100", "--contacts", "20", "--clock-speed", str(SPEED))
    limit = ("--app-minute-limit", str(APP_MINUTE_LIMIT))
    with simulator_process.running(*arguments, *limit, "--organisations", str(many)) as url:
        point_at(url, settings)
        yield url


def connect_all(url: str) -> list[Connection]:
    """Connect every organisation to a portal of its own, by one person's consent."""
    tenants = [one["tenant_id"] for one in simulator_process.control(url, "organisations")]
    # A form takes so many values only; what was consented to before stays connected.
    codes = [_consent(url, tenants[at : at + 400]) for at in range(0, len(tenants), 400)]
    pair = identity.redeem_code(
        code=codes[-1], verifier=VERIFIER, nonce="", redirect_uri=_redirect_uri()
    )
    now = timezone.now()
    grant = None
    made = []
    for listed in identity.connections(access_token=pair.access_token):
        portal = builders.make_portal()
        grant = grant or tokens.new_grant(portal_id=portal.pk, pair=pair, now=now)
        organisation = Organisation.objects.create(
            portal=portal, tenant_id=listed.tenant_id, name=listed.name
        )
        connection = Connection.objects.create(
            portal=portal,
            state=State.CONNECTED,
            state_since=now,
            connected_at=now,
            organisation=organisation,
            grant=grant,
        )
        made.append(connection)
    assert len(made) == len(tenants)
    return made


def _redirect_uri() -> str:
    return f"{django_settings.PUBLIC_URL}/settings/connected-apps/xero/callback/"


def _consent(url: str, tenants: list[str]) -> str:
    person = next(
        one for one in simulator_process.control(url, "users") if len(one["tenant_ids"]) > 1
    )
    return consent_walk.consent(
        url,
        consent_walk.Person(person["user_id"], person["email"], person["tenant_ids"]),
        tenants=tenants,
        redirect_uri=_redirect_uri(),
        scope=" ".join(django_settings.XERO_SCOPES),
        acr_values="bulk_connect:true",
        code_challenge=create_s256_code_challenge(VERIFIER),
        code_challenge_method="S256",
    )["code"]


@dataclass
class Shift:
    """Workers who take turns from one queue; what was put off stands at its end."""

    hired: crew.Crew
    waiting: deque[tuple[str, int]]
    running: dict[int, tuple[str, int]] = field(default_factory=dict)
    turns: Counter[tuple[str, int]] = field(default_factory=Counter)
    # How long they were told to wait, asleep or put off.
    waited: float = 0.0

    def work(self) -> None:
        """Work until nothing waits."""
        while self.waiting or self.running:
            while self.waiting and len(self.running) < WORKERS:
                what, pk = self.waiting.popleft()
                self.turns[what, pk] += 1
                self.running[self.hired.start(what, pk, ahead=0)] = what, pk
            for pid in list(self.running):
                outcome = self.hired.wait(pid, seconds=0.01)
                if outcome.code is not None:
                    todo = self.running.pop(pid)
                    self.waited += outcome.napped + (outcome.delay or 0)
                    if outcome.delay is not None:
                        self.waiting.append(todo)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
def test_every_organisation_is_filled_and_no_limit_broken_when_all_are_due_at_once(
    busy_simulator: str, many: int
) -> None:
    valkey_flush.forget_all()
    connected = connect_all(busy_simulator)
    queue: deque[tuple[str, int]] = deque()
    for connection in connected:
        assert connection.organisation is not None
        sweep_schedule.begin(organisation_id=connection.organisation.pk, now=timezone.now())
        first = run_requests.request_first(
            connection=connection, organisation=connection.organisation, now=timezone.now()
        )
        queue += [("sweep", connection.organisation.pk), ("run", first.pk)]

    with crew.hired(busy_simulator, **FAST) as hired:
        shift = Shift(hired, queue)
        shift.work()

    called = simulator_process.control(busy_simulator, "calls")
    calls = [one for one in called if one["path"].startswith("/api.xro/")]
    # A token of thirty minutes ends in thirty seconds here, which is a 401 and a refresh.
    assert {one["status"] for one in calls} <= {200, 401}
    for connection in connected[:: max(1, many // 25)]:
        assert connection.organisation is not None
        held = simulator_process.control(
            busy_simulator, f"books?tenant={connection.organisation.tenant_id}"
        )
        assert books.differences(books.theirs(held), books.ours(connection.organisation)) == {}
    # Nobody was put off much more often than everybody, and the limit was what all waited for.
    mean = shift.turns.total() / len(shift.turns)
    assert max(shift.turns.values()) <= 4 * mean + 4, (mean, shift.turns.most_common(3))
    assert len(calls) > APP_MINUTE_LIMIT / 4
    # Each worker waited for some minutes of Xero's, however long the machine took for the work.
    assert mean <= 4
    assert shift.waited / WORKERS < 4 * len(calls) / APP_MINUTE_LIMIT * 60 / SPEED, shift.waited
