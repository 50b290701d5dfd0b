"""What a schedule's mail is about: the report as it stands now, by the filter that was kept."""

import datetime
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import parse_qsl, urlencode

from connected_apps import book_days, financial_years
from connected_apps import queries as connections
from connected_apps.models import Organisation
from lrm.models import Portal
from reports import csv_export, file_facts, forms, periods, totals, workbook
from reports.file_facts import Facts
from reports.models import Report, ReportSchedule, Span
from reports.uninvoiced import criteria as uninvoiced_criteria
from reports.uninvoiced import facts as uninvoiced_facts
from reports.uninvoiced import files as uninvoiced_files
from reports.uninvoiced import forms as uninvoiced_forms

Write = Callable[[IO[bytes]], None]
_DAYS = {Span.DAYS_7: 7, Span.DAYS_30: 30, Span.DAYS_90: 90}
_PERIODS = {
    Span.THIS_YEAR: "This financial year",
    Span.LAST_YEAR: "Last financial year",
    Span.THIS_MONTH: "This month",
    Span.LAST_MONTH: "Last month",
}
SPANS: dict[str, tuple[Span, ...]] = {
    Report.SYNCED_INVOICES: (Span.AS_FILTERED, *_PERIODS, *_DAYS),
    Report.LEARNERS_TO_INVOICE: (Span.AS_FILTERED, *_DAYS),
}


class NotPossible(Exception):
    """There is nothing to send, and the words say why."""


@dataclass(frozen=True)
class Content:
    """A report at one moment."""

    facts: Facts
    # Filters as an address has them.
    query: str
    # How many rows it has; None where there are too many to count.
    count: int | None
    writers: dict[str, Write]
    name_of_file: Callable[[str], str]


def content_of(
    *, portal: Portal, report: str, query: str, span: str, now: datetime.datetime
) -> Content:
    """Return what a report says now.

    :raises NotPossible: nothing is connected, or the filter names what is not there any more.
    """
    organisation = connections.current_organisation(portal)
    if organisation is None:
        raise NotPossible("Xero is not connected, so there is nothing to report.")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    if report == Report.LEARNERS_TO_INVOICE:
        return _learners_to_invoice(portal, organisation, asked, span, now)
    return _synced_invoices(portal, organisation, asked, span, now)


def queries_now(
    schedules: Iterable[ReportSchedule], *, portal: Portal, now: datetime.datetime
) -> dict[int, str]:
    """Return {schedule: its filter as an address has it}, with the dates its span means now."""
    organisation = connections.current_organisation(portal)
    today = book_days.today_of(portal=portal, organisation=organisation, now=now)
    year_end = financial_years.year_end_of(portal, organisation)
    return {
        one.pk: urlencode(
            dict(parse_qsl(one.query, keep_blank_values=True))
            | _dates_of(one.report, one.span, today, year_end)
        )
        for one in schedules
    }


def span_in(query: str, *, portal: Portal, report: str, now: datetime.datetime) -> str:
    """Return the span that a filter's dates are now, so that they move along from the first."""
    organisation = connections.current_organisation(portal)
    today = book_days.today_of(portal=portal, organisation=organisation, now=now)
    year_end = financial_years.year_end_of(portal, organisation)
    asked = dict(parse_qsl(query, keep_blank_values=True))
    for span in SPANS[report]:
        dates = _dates_of(report, span, today, year_end)
        if dates and dates.items() <= asked.items():
            return span
    return Span.AS_FILTERED


def _synced_invoices(
    portal: Portal,
    organisation: Organisation,
    asked: dict[str, str],
    span: str,
    now: datetime.datetime,
) -> Content:
    today = book_days.today_of(portal=portal, organisation=organisation, now=now)
    year_end = financial_years.year_end_of(portal, organisation)
    asked |= _dates(span, today, year_end)
    asked = forms.asked_for(asked, today=today, year_end=year_end)
    form = forms.ReportFilter(asked, portal=portal, organisation=organisation, today=today)
    _refuse_errors(form)
    criteria = form.criteria(organisation, today=today)
    facts = file_facts.facts_of(criteria, portal=portal, now=now)
    found = totals.totals_of(criteria)
    return Content(
        facts=facts,
        query=urlencode(asked),
        count=found.count if found.is_counted else None,
        writers={
            ".csv": lambda target: csv_export.write_csv(
                criteria, target, facts=facts, for_excel=True
            ),
            ".xlsx": lambda target: workbook.write_workbook(criteria, target, facts=facts),
        },
        name_of_file=lambda ending: file_facts.file_name(criteria, facts, ending),
    )


def _learners_to_invoice(
    portal: Portal,
    organisation: Organisation,
    asked: dict[str, str],
    span: str,
    now: datetime.datetime,
) -> Content:
    today = book_days.today_of(portal=portal, organisation=organisation, now=now)
    asked |= _since(span, today)
    asked = uninvoiced_forms.asked_for(asked, today=today)
    form = uninvoiced_forms.LearnersFilter(asked)
    _refuse_errors(form)
    criteria = form.criteria(portal, organisation)
    facts = uninvoiced_facts.facts_of(criteria, form, now=now)
    counts = uninvoiced_criteria.counts_of(criteria)
    count = None
    if counts is not None:
        is_billed = criteria.state == uninvoiced_criteria.BILLED
        count = counts.billed if is_billed else counts.to_invoice
    return Content(
        facts=facts,
        query=urlencode(asked),
        count=count,
        writers={
            ".csv": lambda target: uninvoiced_files.write_csv(criteria, facts, target),
            ".xlsx": lambda target: uninvoiced_files.write_workbook(criteria, facts, target),
        },
        name_of_file=lambda ending: uninvoiced_facts.file_name(criteria, facts, ending),
    )


def _dates_of(
    report: str, span: str, today: datetime.date, year_end: financial_years.YearEnd
) -> dict[str, str]:
    """Return the fields that a span fills in of a report's filter; none where it has none."""
    if report == Report.LEARNERS_TO_INVOICE:
        return _since(span, today)
    return _dates(span, today, year_end)


def _since(span: str, today: datetime.date) -> dict[str, str]:
    if span not in _DAYS:
        return {}
    return {"since": (today - datetime.timedelta(days=_DAYS[Span(span)])).isoformat()}


def _dates(span: str, today: datetime.date, year_end: financial_years.YearEnd) -> dict[str, str]:
    if span == Span.AS_FILTERED:
        return {}
    if span in _DAYS:
        first = today - datetime.timedelta(days=_DAYS[Span(span)] - 1)
        return {"date_from": first.isoformat(), "date_to": today.isoformat()}
    named = {one.name: one for one in periods.presets(today, year_end=year_end)}
    period = named[_PERIODS[Span(span)]]
    return {"date_from": period.first.isoformat(), "date_to": period.last.isoformat()}


def _refuse_errors(form: Any) -> None:
    if not form.is_valid():
        said = "; ".join(str(error) for errors in form.errors.values() for error in errors)
        raise NotPossible(f"The filter that was kept cannot be used any more: {said}")
