"""What became of a request for a re-sync, and the words that say so."""

from dataclasses import dataclass

from xero_sync.models import SyncRun
from xero_sync.runs import run_titles


@dataclass(frozen=True)
class Answer:
    """The run that answers a request, and the open runs that it met.

    :param is_new: whether the run was made for this request; else it was under way and reads all
        of its days.
    :param beside: runs under way that read some of its days, which the new one leaves out.
    :param replaced: shorter runs whose days the new one reads.
    """

    run: SyncRun
    is_new: bool
    beside: tuple[SyncRun, ...] = ()
    replaced: tuple[SyncRun, ...] = ()

    @property
    def words(self) -> str:
        """What happened, in whole sentences."""
        if not self.is_new:
            title = run_titles.title_of(self.run)
            return f"Nothing new had to start: {title} is under way and reads these days too."
        words = ["The re-sync has started."]
        if self.beside:
            words = [
                f"The re-sync has started for {run_titles.days_of(self.run)}.",
                f"The other days are read already by what is under way: {_titles(self.beside)}.",
            ]
        if self.replaced:
            words.append(
                f"It takes the place of {_titles(self.replaced)}, whose days it reads too."
            )
        return " ".join(words)

    @property
    def promise(self) -> str:
        """When the person will be told."""
        which = "each of them" if self.beside else "it"
        return f"You will be told here when {which} is done."


def _titles(runs: tuple[SyncRun, ...]) -> str:
    return ", ".join(run_titles.title_of(run) for run in runs)
