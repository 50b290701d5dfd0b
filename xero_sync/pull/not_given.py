"""A row of a list that Xero cannot give: it answers with an error wherever that row is on the page.

Asked for unchanged, such a page fails for ever, and everything behind it is never read. So where a
page has failed before and Xero gives others of the same list, smaller ones are asked for
(`page_sizes`), down to the one row. That row is passed over where Xero gives one behind it and
fails over this one again; then a quarantined element without an id stands in its place, so that it
is counted as missing, shown with the reason, and looked for by every later reading.

No source says that Xero does this. Other APIs have (github.com/reapit/foundations, issue 6202: one
page of a list answers 500 for days), and whoever waits for it to end waits in vain.
"""

import dataclasses
from collections.abc import Callable

from xero_sync import resources
from xero_sync.api import errors, list_queries, responses
from xero_sync.store import mapping, prepared_pages, quarantine

# More such rows in a row look like an outage.
MOST_ADJACENT = 3
_NAME = "number not known"
_REASON = (
    "Xero answers with an error wherever it is asked for this, so that neither its number nor what "
    "it says is known; Xero's support can look it up"
)

Fetch = Callable[[int], responses.Page]


def page_past(
    listing: list_queries.Listing, number: int, fetch: Fetch, error: errors.XeroError
) -> responses.Page:
    """Return a page of one row in the place of one that Xero cannot give.

    :param number: of the page, where a page is a row.
    :param fetch: asks for a page of one row by its number.
    :param error: what Xero answered for it.
    :raises errors.XeroError: it gives none of the rows behind it either, or something else fails.
    """
    found = None
    for behind in range(1, MOST_ADJACENT + 1):
        found = _page_or_none(number + behind, fetch)
        if found is not None:
            break
    if found is None:
        raise error
    # Xero answers, so it is asked for the row once more.
    again = _page_or_none(number, fetch)
    return again if again is not None else _instead(listing, found, behind, error)


def _page_or_none(number: int, fetch: Fetch) -> responses.Page | None:
    try:
        return fetch(number)
    except errors.Unavailable as error:
        if not error.may_be_one_rows:
            raise
        return None


def _instead(
    listing: list_queries.Listing, found: responses.Page, behind: int, error: errors.XeroError
) -> prepared_pages.PreparedPage:
    """Return a page that holds what is to be quarantined.

    The next row that Xero gives tells the element from others, and the same list gives it again.
    """
    resource, since = listing.resource, listing.modified_since
    next_id = mapping.describe(resource, found.elements[0])[0] if found.elements else ""
    element = {
        resources.of(resource).number_member: _NAME,
        quarantine.NOT_GIVEN: {
            "rows_before": behind,
            "next_id": next_id,
            "since": since.isoformat() if since else None,
        },
    }
    reason = _REASON
    if error.correlation_id:
        reason = f"{_REASON} by correlation id {error.correlation_id}"
    elements = [element]
    prepared = dataclasses.replace(
        prepared_pages.prepare(resource, []), elements=elements, refused=[(element, reason)]
    )
    facts = vars(found) | {"elements": elements, "prepared": prepared}
    return prepared_pages.PreparedPage(**facts)
