"""Bursts: many fresh events at once cost fewer calls by time than by name.

Somebody approves six hundred invoices, and six hundred events arrive. Named by id they are fifteen
calls, or thirty where Xero takes no list of ids; but all of them were modified in the last minutes,
and one page of what was modified since then holds a thousand. So for a burst that is listed first,
and what the list does not hold (a change that moves no UpdatedDateUTC, a crowd of others) is then
fetched by name like any other event. Events that are not fresh are never listed, since nobody
knows how much has changed since.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from xero_sync import resources
from xero_sync.api import client, errors, json_codec, list_queries, responses, sessions
from xero_sync.models import WebhookEvent
from xero_sync.resources import Resource

# A burst takes more calls than this by name.
MOST_CALLS_BY_NAME = 2
FRESH = timedelta(minutes=15)
# Xero tells an event's time to the millisecond, but looks at whole seconds in a list.
MARGIN = timedelta(seconds=30)


def is_burst(resource: Resource, named: Sequence[WebhookEvent], *, now: datetime) -> bool:
    """Return whether these events of one resource are many, and all of them fresh."""
    ids = {event.resource_id for event in named}
    if len(ids) <= MOST_CALLS_BY_NAME * client.most_ids(resource):
        return False
    return all(event.happened_at and event.happened_at > now - FRESH for event in named)


def pages(
    session: sessions.Session, resource: Resource, named: Sequence[WebhookEvent]
) -> Iterator[responses.Page]:
    """Yield pages of what was modified since the first of the events, the longest unchanged first.

    No more of them than the named could fill; none where Xero does not want to list so much.

    :raises errors.XeroError: any other failure.
    """
    since = min(event.happened_at for event in named if event.happened_at) - MARGIN
    listing = list_queries.Listing(resource=resource, modified_since=since)
    for number in range(1, math.ceil(len(named) / client.PAGE_SIZE) + 1):
        try:
            page = list_queries.fetch(session, listing, page=number)
        except errors.Rejected:
            return
        yield page
        if number >= (page.page_count or 0):
            return


def ids_of(resource: Resource, page: responses.Page) -> set[UUID]:
    """Return the ids that a page holds, as far as they are ids."""
    id_member = resources.of(resource).id_member
    named = (element.get(id_member) for element in page.elements if isinstance(element, dict))
    return {one for one in map(json_codec.uuid_or_none, named) if one is not None}
