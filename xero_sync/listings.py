"""A list of Xero's: which resource, narrowed how, and one page of it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from xero_sync import calls, client, mapping, replies
from xero_sync.models import Resource

_TYPE_FILTERS = {
    Resource.INVOICE: 'Type=="ACCREC"',
    Resource.CREDIT_NOTE: 'Type=="ACCRECCREDIT"',
    Resource.OVERPAYMENT: 'Type=="RECEIVE-OVERPAYMENT"',
    Resource.PREPAYMENT: 'Type=="RECEIVE-PREPAYMENT"',
}


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list of Xero's: which resource, narrowed how."""

    resource: Resource
    date_from: date | None = None
    date_to: date | None = None
    modified_since: datetime | None = None

    @property
    def where(self) -> str | None:
        """The filter in Xero's words; dates are inclusive calendar dates of the organisation."""
        parts = [_TYPE_FILTERS[self.resource]] if self.resource in _TYPE_FILTERS else []
        if self.date_from is not None:
            parts.append(f"Date>={_date_time(self.date_from)}")
        if self.date_to is not None:
            parts.append(f"Date<{_date_time(self.date_to + timedelta(days=1))}")
        return " AND ".join(parts) or None

    @property
    def order(self) -> str:
        """The immutable order of the walk."""
        return f"{mapping.ID_FIELDS[self.resource]} ASC"


def _date_time(day: date) -> str:
    # Xero takes dates in filters only in this form.
    return f"DateTime({day.year},{day.month:02},{day.day:02})"


def fetch(
    session: calls.Session, listing: Listing, *, page: int, page_size: int = client.PAGE_SIZE
) -> replies.Page:
    """Fetch one page of a list.

    :raises errors.XeroError: classified; `RateLimited` where the limiter says wait.
    """
    return session.list_page(
        listing.resource,
        page=page,
        page_size=page_size,
        where=listing.where,
        order=listing.order,
        if_modified_since=listing.modified_since,
        include_archived=listing.resource is Resource.CONTACT,
    )
