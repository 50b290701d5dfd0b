"""What a file of report #0443 says of itself, and what it is called."""

from datetime import date, datetime

from connected_apps import freshness
from lrm import day_formats
from reports import file_facts
from reports.file_facts import Facts
from reports.uninvoiced import forms
from reports.uninvoiced.criteria import Criteria

NAME = "#0443 Learners to invoice"


def facts_of(criteria: Criteria, form: forms.LearnersFilter, *, now: datetime) -> Facts:
    """Return what a file of these rows says of itself."""
    return Facts(
        report=NAME,
        organisation=criteria.organisation.name,
        period=period_of(criteria.since),
        filters=form.in_words(),
        as_of=now,
        fresh=freshness.of(criteria.portal, now=now),
        current_as_of=file_facts.current_as_of(criteria.organisation.pk),
    )


def file_name(criteria: Criteria, facts: Facts, ending: str) -> str:
    """Return a name with portal and day, and "-incomplete" where documents are."""
    since = f"since-{criteria.since.isoformat()}" if criteria.since else "all"
    return f"report-0443-{criteria.portal.slug}-{since}{facts.fresh.file_suffix}{ending}"


def period_of(since: date | None) -> str:
    """Return since when learners were added or ticked, in words."""
    return f"Added or ticked since {day_formats.short_day(since)}" if since else "All learners"
