"""P1: documents a second, HTTP to committed, beside tap-xero, the usual loop, and the floor.

All four start from empty tables with the same books; each runs in a process of its own that
measures itself, so that no start-up is counted. Ours is a whole re-sync: limiter, checkpoints,
closing sweep and verification included. The tap prints purchases too, and they count for it.
"""

import statistics
from functools import partial
from typing import Any

from benchmarks import bench, results, tap

# Three documents in four are sales.
DOCUMENTS, TINY = 52_000, 1_200
LOOP, TINY_LOOP = 1_500, 100
# More than elsewhere: ours and the floor take a few seconds, which one hiccup spoils.
ROUNDS = 5


class Contest:
    """The four contenders on one simulator and one database."""

    def __init__(self, here: bench.Bench, simulator: bench.Simulator) -> None:
        self._here = here
        self._simulator = simulator
        self._environment = here.product(simulator, **bench.NO_LIMITS)
        made = here.part("connect", "1", environment=self._environment)["portals"][0]
        self._slug, self._tenant = made["slug"], made["tenant"]
        self._organisation = str(made["organisation"])
        self._tokens = here.directory / "tap-tokens.json"
        self.documents = 0

    def ours(self) -> float:
        """Re-sync all of it with one worker."""
        self._empty()
        told = self._part("resync", self._slug)
        if told["state"] != "DONE" or told["new"] != told["documents"]:
            raise bench.PartFailed(f"The re-sync did not end well: {told}")
        self.documents = told["documents"]
        return float(told["documents"] / told["seconds"])

    def floor(self) -> float:
        """Parse and store the same rows, nothing more."""
        self._empty()
        told = self._part("floor", self._tenant, self._organisation)
        if told["documents"] != self.documents:
            raise bench.PartFailed(f"The floor stored {told['documents']}, not {self.documents}.")
        return float(told["documents"] / told["seconds"])

    def compare(self) -> None:
        """Make sure that ours and the floor leave the same rows."""
        stored = []
        for contender in (self.ours, self.floor):
            contender()
            stored.append(self._part("fingerprint")["fingerprint"])
        if stored[0] != stored[1]:
            raise bench.PartFailed(f"Ours and the floor stored different rows: {stored}")

    def loop(self) -> float:
        """Read by the SDK's models and store by `update_or_create`."""
        self._empty()
        at_most = str(self._here.size(LOOP, TINY_LOOP))
        told = self._part("orm_loop", self._tenant, self._organisation, at_most)
        return float(told["documents"] / told["seconds"])

    def tap(self) -> float:
        """Let tap-xero print all of it."""
        self._part("consent", self._tenant, str(self._tokens))
        told = tap.measure(self._here, self._simulator, self._tokens)
        return float(told["documents"] / told["seconds"])

    def _empty(self) -> None:
        self._part("empty")

    def _part(self, name: str, *arguments: str) -> dict[str, Any]:
        return self._here.part(name, *arguments, environment=self._environment)


def measure(here: bench.Bench) -> list[results.Row]:
    """Run the contest and return its rows."""
    documents = str(here.size(DOCUMENTS, TINY))
    with here.simulator(
        *bench.WITHOUT_LIMITS, "--documents", documents, "--contacts", "2000"
    ) as running:
        contest = Contest(here, running)
        contenders = {"ours": contest.ours, "floor": contest.floor, "loop": contest.loop}
        # Running through the harness is no reason to install anything.
        if not here.smoke or tap.is_installed():
            contenders["tap"] = contest.tap
            # Each way of asking makes the simulator write every page once, which it then keeps.
            contest.tap()
        contest.compare()
        seen = results.interleaved(here.size(ROUNDS, 1), contenders)
    return _rows(seen, contest.documents)


def _rows(seen: dict[str, list[float]], documents: int) -> list[results.Row]:
    ours = f"{statistics.median(seen['ours']):,.0f} documents/s"
    ratio = partial(results.median_ratio, seen["ours"])
    what = f"re-sync of {documents:,} documents beside"
    return [
        results.at_least(
            "P1",
            f"{what} {name}",
            ours,
            f"{statistics.median(seen[key]):,.0f} documents/s",
            ratio=ratio(seen[key]),
            target=target,
        )
        for key, name, target in (
            ("tap", f"tap-xero {tap.VERSION}, which only prints", 7.0),
            ("loop", "SDK models and update_or_create", 25.0),
            ("floor", "the floor: parsing, COPY and upsert", 1.0),
        )
        if key in seen
    ]
