"""A window of dates of one kind of documents: its list in Xero, what is stored here, its halves."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import QuerySet

from invoices.models import Document
from xero_sync import resources
from xero_sync.api import list_queries
from xero_sync.models import SyncStep
from xero_sync.resources import Resource

# What begins or ends here is open at that end: it holds all documents, whatever their date.
EARLIEST, LATEST = ALL_DAYS = (date.min, date.max)
# How often a window is halved where Xero rejects its list: by then it is a few weeks long, or
# length is not what it is rejected for. Xero's guard speaks of the organisation, not of the list
# (freakboy3742/pyxero, issue 373), so that no length may help.
MOST_CUTS = 8
# Xero looks at whole seconds where it lists what changed since a moment, and does not say whether
# that second belongs to the list.
_EDGE = timedelta(seconds=1)
# Ledgers lie between these two. Where a window reaches beyond, that part is cut off first, and
# not found empty by a dozen halves.
_AGES_END = (date(2099, 12, 31), date(1989, 12, 31))


@dataclass(frozen=True, order=True)
class Window:
    """Documents of a kind between two dates, both included.

    With `since` only those of them that changed in Xero since that moment.
    """

    resource: Resource
    date_from: date = EARLIEST
    date_to: date = LATEST
    since: datetime | None = None

    @classmethod
    def undated(cls, resource: Resource) -> "Window":
        """Return what has no date, written as what ends before it begins."""
        return cls(resource, LATEST, EARLIEST)

    @property
    def is_undated(self) -> bool:
        """Whether it holds what has no date."""
        return self.date_from > self.date_to

    @property
    def days(self) -> timedelta:
        """How long it is, less a day."""
        return max(timedelta(0), self.date_to - self.date_from)

    @property
    def listing(self) -> list_queries.Listing:
        """Xero's list of it."""
        if self.is_undated:
            return list_queries.Listing(
                resource=self.resource, is_undated=True, modified_since=self.since
            )
        return list_queries.Listing(
            resource=self.resource,
            date_from=None if self.date_from == EARLIEST else self.date_from,
            date_to=None if self.date_to == LATEST else self.date_to,
            modified_since=self.since,
        )

    @property
    def is_whole(self) -> bool:
        """Whether it holds everything."""
        return (self.date_from, self.date_to) == (EARLIEST, LATEST)

    def stored(self, organisation_id: int) -> QuerySet[Document]:
        """Return what of it is stored here, and is in Xero's list whatever its edge is."""
        kept = self._dated(organisation_id)
        return kept if self.since is None else kept.filter(updated_at__gte=self.since + _EDGE)

    def stored_count(self, organisation_id: int, *, listed: int | None) -> int:
        """Return how many of it are stored here.

        :param listed: how many Xero lists that may be stored; None where it does not tell. What
            changed in the very second of `since` counts as far as Xero lists it.
        """
        certain = self.stored(organisation_id).count()
        if self.since is None or listed is None or listed <= certain:
            return certain
        edge = self._dated(organisation_id).filter(
            updated_at__gte=self.since, updated_at__lt=self.since + _EDGE
        )
        return min(listed, certain + edge.count())

    def _dated(self, organisation_id: int) -> QuerySet[Document]:
        kept = Document.objects.filter(
            organisation_id=organisation_id, kind=resources.of(self.resource).kind
        )
        if self.is_undated:
            return kept.filter(date=None)
        # Xero's list of everything asks for no date, so it holds what has none.
        return kept if self.is_whole else kept.filter(date__range=(self.date_from, self.date_to))

    def halves(self) -> tuple["Window", "Window"]:
        """Cut it in two.

        :raises ValueError: it is a single day.
        """
        if not self.days:
            raise ValueError("A day cannot be cut.")
        middle = next(
            (day for day in _AGES_END if self.date_from <= day < self.date_to),
            self.date_from + self.days // 2,
        )
        return self.cut_after(middle)

    def parts(self) -> tuple["Window", ...]:
        """Cut it into windows that together hold all of it, what has no date as well.

        :raises ValueError: it is a single day.
        """
        return (*self.halves(), *self.undated_part())

    def undated_part(self) -> tuple["Window", ...]:
        """Return the window of what has no date where this one holds it too, else nothing."""
        return (replace(Window.undated(self.resource), since=self.since),) * self.is_whole

    def cut_after(self, day: date) -> tuple["Window", "Window"]:
        """Cut it in two after a day before its last."""
        following = replace(self, date_from=day + timedelta(days=1))
        return replace(self, date_to=day), following


def of_step(step: SyncStep) -> Window:
    """Return what a step walks."""
    return Window(
        Resource(step.resource), step.date_from, step.date_to, since=step.run.changed_from
    )
