"""Documents that change by themselves while somebody walks a list: what paging must survive.

Every so-many-th page that is asked for changes a document of that list first. What is drawn comes
from the seed: the same pages in the same order meet the same changes.
"""

import random
from collections.abc import Sequence

from aiohttp import web

from xero_simulator import commands, simulation
from xero_simulator.ledger import records
from xero_simulator.ledger.organisation import Organisation

ACTS = ("touch", "pay", "void", "redate")
DRIFT_KEY: web.AppKey["Drift"] = web.AppKey("drift")


class Drift:
    """Counts pages and changes documents."""

    def __init__(self, here: simulation.World) -> None:
        self._world = here
        self.stop()

    def stop(self) -> None:
        """Let documents rest."""
        self._rng = random.Random(self._world.options.seed)
        self._every, self._seen, self.changed = 0, 0, 0
        self._acts: Sequence[str] = ACTS

    def start(self, *, every: int, acts: Sequence[str] = ACTS) -> None:
        """Change a document at every so-many-th page, by one of these acts each time.

        :raises bookkeeping.BadValues: `every` is negative, or an act is unknown.
        """
        if every < 0 or not acts or set(acts) - set(ACTS):
            raise commands.BadValues(
                f"Documents change at every n-th page by some of {', '.join(ACTS)}."
            )
        self.stop()
        self._every, self._acts = every, acts

    def on_page(self, organisation: Organisation, kind: str) -> None:
        """Note that a page of a kind's list is asked for."""
        self._seen += 1
        if self._every and self._seen % self._every == 0:
            self._change(organisation, kind)

    def _change(self, organisation: Organisation, kind: str) -> None:
        """Change a document; where Xero would refuse the act, touch it."""
        books = organisation.books
        documents = books.tables[kind].ordered
        if not documents:
            return
        document = self._rng.choice(documents)
        act = self._rng.choice(self._acts)
        day = books.today().replace(day=self._rng.randint(1, 28))
        values = {"id": document.id, "date": day.isoformat()}
        try:
            commands.change_document(self._world, organisation, act, values)
        except records.NotAllowed:
            books.touch(document.id)
        self.changed += 1


def install(app: web.Application) -> None:
    """Put documents that drift into the app; they rest until told."""
    here = app[simulation.WORLD_KEY]
    app[DRIFT_KEY] = Drift(here)
    here.on_reset.append(app[DRIFT_KEY].stop)


def on_request(request: web.Request, organisation: Organisation) -> None:
    """Look whether a call asks for a page of documents."""
    last = request.path.rpartition("/")[2].lower()
    kind = next((one for one in records.KINDS if one.lower() == last), None)
    if kind is not None and request.method == "GET" and "page" in request.query:
        request.app[DRIFT_KEY].on_page(organisation, kind)
