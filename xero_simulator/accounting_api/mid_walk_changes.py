"""Documents that change while somebody walks a list: what paging must survive.

Every n-th page that is asked for changes a document of that list first. What is drawn comes from
the seed: the same pages in the same order meet the same changes.
"""

import random
from collections.abc import Sequence

from aiohttp import web

from xero_simulator import commands, simulations
from xero_simulator.ledger import document_operations, records
from xero_simulator.ledger.organisation import Organisation

OPERATIONS = ("touch", "pay", "void", "redate")
MID_WALK_CHANGES_KEY: web.AppKey["MidWalkChanges"] = web.AppKey("mid_walk_changes")


class MidWalkChanges:
    """Counts pages and changes documents; off until started."""

    def __init__(self, simulation: simulations.Simulation) -> None:
        self._simulation = simulation
        self.stop()

    def stop(self) -> None:
        """Change nothing any more, and begin the draws and counts anew."""
        self._rng = random.Random(self._simulation.options.seed)
        self._every, self._seen, self.changed = 0, 0, 0
        self._operations: Sequence[str] = OPERATIONS

    def start(self, *, every: int, operations: Sequence[str] = OPERATIONS) -> None:
        """Change a document at every n-th page, by one of these operations each time.

        :raises commands.BadValues: `every` is negative, or an operation is unknown.
        """
        if every < 0 or not operations or set(operations) - set(OPERATIONS):
            raise commands.BadValues(
                f"Documents change at every n-th page by some of {', '.join(OPERATIONS)}."
            )
        self.stop()
        self._every, self._operations = every, operations

    def on_page(self, organisation: Organisation, kind: str) -> None:
        """Count a page of a kind's list, and change a document where it is the n-th."""
        self._seen += 1
        if self._every and self._seen % self._every == 0:
            self._change(organisation, kind)

    def _change(self, organisation: Organisation, kind: str) -> None:
        """Change a document; where Xero would refuse the operation, touch it."""
        books = organisation.books
        documents = books.tables[kind].ordered
        if not documents:
            return
        document = self._rng.choice(documents)
        operation = self._rng.choice(self._operations)
        day = books.today().replace(day=self._rng.randint(1, 28))
        values = {"id": document.id, "date": day.isoformat()}
        try:
            commands.change_document(self._simulation, organisation, operation, values)
        except records.NotAllowed:
            document_operations.touch(books, document.id)
        self.changed += 1


def install(app: web.Application) -> None:
    """Add the changes to the app; nothing changes until they are started."""
    simulation = app[simulations.SIMULATION_KEY]
    app[MID_WALK_CHANGES_KEY] = MidWalkChanges(simulation)
    simulation.on_reset.append(app[MID_WALK_CHANGES_KEY].stop)


def on_request(request: web.Request, organisation: Organisation) -> None:
    """Count the call where it asks for a page of documents."""
    last = request.path.rpartition("/")[2].lower()
    kind = next((one for one in records.KINDS if one.lower() == last), None)
    if kind is not None and request.method == "GET" and "page" in request.query:
        request.app[MID_WALK_CHANGES_KEY].on_page(organisation, kind)
