"""Whatever happens, in the end the database equals Xero's books: every document, every field."""

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.convergence import crew, schedules
from tests.convergence.stage import Stage
from tests.support.simulator_client import SimulatorClient
from tests.support.tally import tally


@pytest.mark.slow
@pytest.mark.timeout(180)
def test_database_equals_the_books_when_the_faults_stop(stage: Stage, schedule_seed: int) -> None:
    schedules.play(stage, seed=schedule_seed, shrink=True)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("weakness", ["anything replaces", "only later replaces"])
def test_schedules_catch_a_broken_rule_on_versions(
    live_server: LiveServer, world: SimulatorClient, weakness: str
) -> None:
    # A late answer must arrive for its harm to show, however long the rest takes.
    with crew.hired(world.url, weakness=weakness, XERO_READ_SECONDS="30") as careless:
        stage = Stage(world, careless, live_server.url)

        words = "differ from Xero's books"
        # What is lost here is lost on purpose.
        with tally.put_aside(), pytest.raises(AssertionError, match=words):
            schedules.play_all(stage, seeds=range(8, 33))
