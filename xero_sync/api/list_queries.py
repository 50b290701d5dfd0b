"""A list of Xero's: which resource, narrowed how, and one page of it.

The AR* and AP* spellings of types stand in Xero's specification, but in no answer that was ever
recorded. They are asked for, so that such a document would be seen; where Xero does not know one
and rejects the filter for it, the spelling that is known is asked for alone.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from xero_sync import resources
from xero_sync.api import client, errors, responses, sessions
from xero_sync.resources import Resource


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One list of Xero's: which resource, narrowed how."""

    resource: Resource
    date_from: date | None = None
    date_to: date | None = None
    # What has no date, which no range of dates holds.
    is_undated: bool = False
    modified_since: datetime | None = None
    # Documents of these contacts only; few, since each takes a condition in the address.
    contact_ids: tuple[UUID, ...] = ()
    # Exclusive. Only where Xero refuses to list all that was modified since.
    modified_until: datetime | None = None
    # None: the sales. Empty: no filter, everything.
    types: tuple[str, ...] | None = None

    @property
    def types_asked(self) -> tuple[str, ...]:
        """The types that it is narrowed to; empty where it holds all."""
        return resources.of(self.resource).sales if self.types is None else self.types

    @property
    def where(self) -> str | None:
        """The filter in Xero's words; dates are inclusive calendar dates of the organisation."""
        types = [f'Type=="{one}"' for one in self.types_asked]
        parts = [f"({' OR '.join(types)})"] if len(types) > 1 else types
        contacts = [f'Contact.ContactID==Guid("{one}")' for one in self.contact_ids]
        parts += [f"({' OR '.join(contacts)})"] if len(contacts) > 1 else contacts
        if self.is_undated:
            parts.append("Date==null")
        if self.date_from is not None:
            parts.append(f"Date>={_date_time(self.date_from)}")
        if self.date_to is not None:
            parts.append(f"Date<{_date_time(self.date_to + timedelta(days=1))}")
        if self.modified_until is not None:
            # The header says since when, and this again, so that whoever counts the records of a
            # filter before the header is applied counts no more than these.
            if self.modified_since is not None:
                parts.append(f"UpdatedDateUTC>={_date_time(self.modified_since)}")
            parts.append(f"UpdatedDateUTC<{_date_time(self.modified_until)}")
        return " AND ".join(parts) or None

    @property
    def order(self) -> str:
        """The immutable order of the walk."""
        return f"{resources.of(self.resource).id_member} ASC"


def _date_time(moment: date) -> str:
    # Xero takes dates in filters only in this form; instants are UTC and told to the second.
    words = f"{moment.year:04},{moment.month:02},{moment.day:02}"
    if isinstance(moment, datetime):
        moment = moment.astimezone(UTC)
        words = f"{moment:%Y,%m,%d,%H,%M,%S}"
    return f"DateTime({words})"


def fetch(
    session: sessions.Session, listing: Listing, *, page: int, page_size: int = client.PAGE_SIZE
) -> responses.Page:
    """Fetch one page of a list.

    :raises errors.XeroError: classified; `RateLimited` where the limiter says wait.
    """
    try:
        return _fetch(session, listing, page, page_size)
    except errors.Rejected as error:
        if not error.is_about_filter or len(listing.types_asked) < 2:
            raise
        known = replace(listing, types=listing.types_asked[:1])
        return _fetch(session, known, page, page_size)


def count(session: sessions.Session, listing: Listing) -> int | None:
    """Return how many rows a list has; None where Xero does not tell.

    One row of it is asked for. Where Xero cannot give the first, the second tells as well.

    :raises errors.XeroError: as `fetch`.
    """
    try:
        return fetch(session, listing, page=1, page_size=1).item_count
    except errors.Unavailable as error:
        if not error.may_be_one_rows:
            raise
    return fetch(session, listing, page=2, page_size=1).item_count


def _fetch(
    session: sessions.Session, listing: Listing, page: int, page_size: int
) -> responses.Page:
    return session.list_page(
        listing.resource,
        page=page,
        page_size=page_size,
        where=listing.where,
        order=listing.order,
        if_modified_since=listing.modified_since,
        include_archived=True,
    )
