"""Whatever people, Xero and workers do, nobody sees or writes what is somebody else's."""

import pytest

from tests.convergence.identities import schedules
from tests.convergence.identities.stage import Stage


@pytest.mark.slow
@pytest.mark.timeout(240)
def test_everybody_is_who_they_are_when_the_faults_stop(
    identities: Stage, identity_seed: int
) -> None:
    schedules.play(identities, seed=identity_seed, shrink=True)
