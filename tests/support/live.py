"""A plan for the whole product, running as processes beside the tests."""

from pathlib import Path

from lrm.demo import ports, stack
from lrm.local import local_services


def make_plan(directory: Path, *simulator_options: str, **settings: str) -> stack.Plan:
    """Return a plan on free ports, with services of its own below `directory`."""
    return stack.Plan(
        directory=directory,
        web_port=ports.free_port(),
        simulator_port=ports.free_port(),
        # A machine that stood still for Xero's five seconds would see a webhook sent twice.
        simulator_options=("--webhook-timeout", "30", *simulator_options),
        settings={
            "DATABASE_URL": local_services.database_url(directory),
            "REDIS_URL": local_services.redis_url(directory),
            **settings,
        },
    )
