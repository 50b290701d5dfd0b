"""The dashboard cards of people who keep the accounts: what is owed and how old, what came in."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import Sum
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString

from connected_apps import book_days
from connected_apps import queries as connections
from connected_apps.models import Organisation
from invoices import words
from invoices.models import Kind, Payment
from lrm import access, permissions
from reports import totals
from reports.synced_invoices import Criteria
from reports.totals import OfCurrency

DAYS = 7
WIDTH = 1_000


@dataclass(frozen=True, slots=True)
class Part:
    """One age of what is owed: its place in the bar, in thousandths, and its amount."""

    label: str
    key: str
    amount: Decimal
    x: int
    width: int


@dataclass(frozen=True, slots=True)
class Owed:
    """What is owed in one currency, by age."""

    of: OfCurrency
    parts: tuple[Part, ...]


def panel(request: access.SignedInRequest) -> SafeString | None:
    """Return the ways to the reports; to #0442 where the card of what is owed does not hold it."""
    is_connected = connections.current_organisation(request.portal) is not None
    has_card = is_connected and permissions.may_run_finance_reports(request.user)
    return render_to_string("reports/dashboard_panel.html", {"has_card": has_card}, request=request)


def owed(request: access.SignedInRequest) -> SafeString | None:
    """Return what is owed, overdue and unused, for each currency, with its ages as a picture."""
    organisation = connections.current_organisation(request.portal)
    if organisation is None:
        return None
    today = book_days.today_of(portal=request.portal, organisation=organisation, now=timezone.now())
    found = owed_of(organisation, today=today)
    return render_to_string("reports/dashboard_owed.html", {"owed": found}, request=request)


def came_in(request: access.SignedInRequest) -> SafeString | None:
    """Return the payments of the last seven days, for each currency."""
    organisation = connections.current_organisation(request.portal)
    if organisation is None:
        return None
    today = book_days.today_of(portal=request.portal, organisation=organisation, now=timezone.now())
    context = {
        "sums": received_between(organisation, first=today - timedelta(days=DAYS - 1), last=today),
        "days": DAYS,
    }
    return render_to_string("reports/dashboard_came_in.html", context, request=request)


def owed_of(organisation: Organisation, *, today: date) -> list[Owed]:
    """Return each currency in which something is open, the organisation's own first."""
    found = totals.totals_of(Criteria(organisation=organisation, today=today)).currencies
    open_ones = [one for one in found if one.owed or one.credit_left]
    own = organisation.base_currency
    open_ones.sort(key=lambda one: (one.currency != own, one.currency))
    return [Owed(one, _parts(one)) for one in open_ones]


def received_between(
    organisation: Organisation, *, first: date, last: date
) -> list[tuple[str, Decimal]]:
    """Return what was paid on invoices between two days, both included, by currency."""
    payments = Payment.objects.filter(
        date__range=(first, last),
        document__organisation=organisation,
        document__kind=Kind.INVOICE,
    ).exclude(document__status__in=words.CANCELLED)
    sums = payments.order_by().values_list("document__currency").annotate(Sum("amount"))
    return sorted(sums)


def _parts(one: OfCurrency) -> tuple[Part, ...]:
    parts, place = [], 0
    for label, key, amount in zip(totals.AGES, totals.AGE_KEYS, one.ages, strict=True):
        width = int(WIDTH * max(amount, Decimal(0)) / one.owed) if one.owed > 0 else 0
        parts.append(Part(label, key, amount, place, max(width - 3, 0)))
        place += width
    return tuple(parts)
