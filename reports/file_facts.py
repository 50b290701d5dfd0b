"""What a file of the report says of itself: whose rows, which of them, as of when, and whether all.

A file travels without the page it came from, so it carries what that page said.
"""

import datetime
from dataclasses import dataclass
from typing import Any

from connected_apps import freshness
from invoices import words
from invoices.models import Kind
from lrm import day_formats
from lrm.models import Portal
from reports import as_at, periods
from reports.synced_invoices import Criteria
from xero_sync.status import read_through

_AGES = {
    "overdue": "overdue",
    "30": "overdue by 1 to 30 days",
    "60": "overdue by 31 to 60 days",
    "90": "overdue by 61 to 90 days",
    "over-90": "overdue by more than 90 days",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What a file says of itself; moments in UTC."""

    organisation: str
    period: str
    filters: str
    as_of: datetime.datetime
    fresh: freshness.Freshness
    # Up to when everything that was modified in Xero is here, by kind; None where it never was.
    current_as_of: dict[str, datetime.datetime | None]
    # A day that has passed, on which everything stood as it is told; and what that means.
    as_at: datetime.date | None = None
    as_at_said: tuple[str, ...] = ()
    report: str = "#0442 Synced invoices"

    @property
    def in_words(self) -> list[tuple[str, str]]:
        """All of it as lines of a label and a text."""
        return [
            ("Report", self.report),
            ("Organisation", self.organisation),
            ("Period", self.period),
            ("Filters", self.filters or "None"),
            ("As of", _written(self.as_of)),
            *([("Stood on", self.as_at.isoformat())] if self.as_at else []),
            *(("What that means", said) for said in self.as_at_said),
            ("Complete", "Yes" if self.fresh.is_complete else "No"),
            ("How complete", self.fresh.line),
            *(
                (f"{Kind(kind).label}s current as of", _written(at) if at else "Never read")
                for kind, at in self.current_as_of.items()
            ),
        ]

    @property
    def in_csv(self) -> list[tuple[str, str]]:
        """What every line of a CSV carries."""
        return [
            ("Organisation", self.organisation),
            ("Asked for", ", ".join(filter(None, (self.period, self.filters)))),
            ("As of", _written(self.as_of)),
            ("Complete", "yes" if self.fresh.is_complete else "no"),
        ]

    @property
    def in_json(self) -> dict[str, Any]:
        """The same for JSON."""
        return {
            "organisation": self.organisation,
            "period": self.period,
            "filters": self.filters,
            "as_of": _written(self.as_of),
            "as_at": self.as_at.isoformat() if self.as_at else None,
            "as_at_means": list(self.as_at_said),
            "current_as_of": {
                kind: _written(at) if at else None for kind, at in self.current_as_of.items()
            },
            "freshness": self.fresh.as_json(),
        }


def facts_of(criteria: Criteria, *, portal: Portal, now: datetime.datetime) -> Facts:
    """Return what a file of these rows says of itself."""
    return Facts(
        organisation=criteria.organisation.name,
        period=period_of(criteria),
        filters=filters_of(criteria),
        as_of=now,
        fresh=freshness.of(portal, now=now),
        as_at=criteria.as_at,
        as_at_said=as_at_said(criteria),
        current_as_of=current_as_of(criteria.organisation.pk),
    )


def current_as_of(organisation_id: int) -> dict[str, datetime.datetime | None]:
    """Return up to when all that was modified in Xero is here, by kind of document."""
    return read_through.by_kind(organisation_id)


def as_at_said(criteria: Criteria) -> tuple[str, ...]:
    """Return what the figures of a day that has passed are; nothing where none is asked for."""
    if criteria.as_at is None:
        return ()
    return tuple(as_at.said_of(criteria.organisation, criteria.as_at, zone=criteria.zone))


def period_of(criteria: Criteria) -> str:
    """Return the dates that were asked for, in words."""
    words_of_it = periods.in_words(criteria.date_from, criteria.date_to)
    return f"{words_of_it}, by when they were synced" if criteria.by_synced else words_of_it


def filters_of(criteria: Criteria) -> str:
    """Return what else decides the rows, in words; empty where nothing does."""
    day = f"as at {day_formats.short_day(criteria.as_at)}" if criteria.as_at else ""
    return ", ".join(filter(None, (narrowing_of(criteria), day)))


def narrowing_of(criteria: Criteria) -> str:
    """Return what leaves rows out besides the dates, in words; a page says its day by itself."""
    parts = [
        f"{Kind(criteria.kind).label}s" if criteria.kind else "",
        dict(words.STATUS_CHOICES).get(criteria.status, criteria.status),
        _AGES.get(criteria.age, ""),
        criteria.currency,
        f"learner {criteria.learner.number}" if criteria.learner else "",
        f'"{criteria.text}"' if criteria.text else "",
        "no learner" if criteria.no_learner else "",
    ]
    return ", ".join(filter(None, parts))


def file_name(criteria: Criteria, facts: Facts, ending: str) -> str:
    """Return a name with the organisation's portal and period, and "-incomplete" where it is so."""
    days = [day.isoformat() for day in (criteria.date_from, criteria.date_to) if day]
    slug = criteria.organisation.portal.slug
    day = ["as-at", criteria.as_at.isoformat()] if criteria.as_at else []
    stem = "-".join(["report-0442", slug, *(days or ["all-dates"]), *day])
    return f"{stem}{facts.fresh.file_suffix}{ending}"


def _written(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
