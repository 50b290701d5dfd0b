"""The keys of a tab: counted, searched, and cut into pages by key."""

import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from connected_apps.models import Organisation
from lrm.models import Portal
from lrm.roster import search
from xero_sync.contact_tabs import kept_rows
from xero_sync.contact_tabs.sources import SOURCES, Source
from xero_sync.contact_tabs.tabs import Key, LeftOut, Tab

PAGE_SIZE = 25
# Beyond it "more than" is said: nobody needs to know, and nobody should wait for it.
MOST_COUNTED = 1000

# As the index has them.
CONTACT_WORDS = search.words_sql("name", "contact_number", "email")
_LEARNER_MATCHES = """
    {} IN (SELECT found.id FROM lrm_learner found WHERE found.portal_id = %(portal)s
              AND found.words @@ to_tsquery('simple', %(query)s))
"""
_CONTACT_MATCHES = f"""
    {{}} IN (SELECT xero_id FROM invoices_contact WHERE organisation_id = %(organisation)s
              AND {CONTACT_WORDS} @@ to_tsquery('simple', %(query)s))
"""  # noqa: S608 - the expression is a constant


@dataclass(frozen=True, slots=True)
class Listing:
    """A tab of a portal, with what was searched for; without an organisation nothing is linked."""

    portal: Portal
    organisation: Organisation | None
    tab: Tab | LeftOut
    text: str = ""

    @property
    def source(self) -> Source:
        """Where its rows come from."""
        return SOURCES[self.tab]


@dataclass(frozen=True, slots=True)
class Page:
    """Some keys in their order, and the cursors of the neighbouring pages (None at either end)."""

    keys: list[Key]
    previous: str | None
    following: str | None


@dataclass(frozen=True, slots=True)
class Count:
    """How many there are; `is_more` where there are more than were counted."""

    number: int
    is_more: bool = False

    def __str__(self) -> str:
        return f"{self.number:,}{'+' if self.is_more else ''}"

    def __add__(self, other: "Count") -> "Count":
        return Count(self.number + other.number, self.is_more or other.is_more)


def count(listing: Listing, *, most: int = MOST_COUNTED) -> Count:
    """Return how many rows a listing has, up to a number."""
    if most <= MOST_COUNTED and (kept := _kept(listing)) is not None:
        return Count(min(len(kept), most), len(kept) > most)
    where, params = _where(listing)
    some = f"SELECT 1 FROM {listing.source.rows} WHERE {where} LIMIT %(most)s"  # noqa: S608 - sources
    found = _select(f"SELECT count(*) FROM ({some}) AS some_rows", {**params, "most": most + 1})  # noqa: S608 - above
    number: int = found[0][0]
    return Count(min(number, most), number > most)


def page_of(listing: Listing, *, after: str = "", before: str = "", size: int = PAGE_SIZE) -> Page:
    """Return the page behind a cursor or in front of one; the first without, or with nonsense."""
    if before and (found := _rows(listing, before, size + 1, is_backwards=True)) is not None:
        shown = found[:size][::-1]
        first = _cursor(shown[0]) if len(found) > size else None
        return Page(_keys(shown), first, _cursor(shown[-1]) if shown else None)
    found = _rows(listing, after, size + 1) if after else None
    is_first = found is None
    if found is None:
        found = _rows(listing, "", size + 1) or []
    shown = found[:size]
    return Page(
        _keys(shown),
        _cursor(shown[0]) if shown and not is_first else None,
        _cursor(shown[-1]) if len(found) > size else None,
    )


def _rows(
    listing: Listing, cursor: str, most: int, *, is_backwards: bool = False
) -> list[Any] | None:
    """Return rows beyond a cursor, None where it is none."""
    source = listing.source
    if (kept := _kept(listing)) is not None:
        found = _cut(source, kept, cursor, most, is_backwards=is_backwards)
        if found is not None:
            return found
    where, params = _where(listing)
    is_descending = source.is_descending != is_backwards
    if cursor:
        edge = _edge(source, cursor)
        if edge is None:
            return None
        names = ", ".join(name for name, _ in source.cursor)
        values = ", ".join(f"%(edge_{n})s::{kind}" for n, (_, kind) in enumerate(source.cursor))
        where += f" AND ({names}) {'<' if is_descending else '>'} ({values})"
        params |= {f"edge_{n}": value for n, value in enumerate(edge)}
    rows = f"SELECT {_columns(source)} FROM {source.rows} WHERE {where}"  # noqa: S608 - sources
    order = _order(source, is_descending)
    return _select(f"{rows} ORDER BY {order} LIMIT %(most)s", {**params, "most": most})


def _kept(listing: Listing) -> kept_rows.Rows | None:
    if listing.text.strip() or listing.organisation is None:
        return None
    return kept_rows.of(
        listing.portal, listing.organisation, listing.tab, lambda: _first_rows(listing)
    )


def _first_rows(listing: Listing) -> list[Any]:
    source = listing.source
    where, params = _where(listing)
    rows = f"SELECT {_columns(source)} FROM {source.rows} WHERE {where}"  # noqa: S608 - sources
    order = _order(source, source.is_descending)
    return _select(f"{rows} ORDER BY {order} LIMIT {MOST_COUNTED + 1}", params)


def _cut(
    source: Source, kept: kept_rows.Rows, cursor: str, most: int, *, is_backwards: bool
) -> list[Any] | None:
    """Return rows beyond a cursor from those that are kept, None where that is for the database."""
    edge = _edge(source, cursor) if cursor else None
    if cursor and edge is None:
        return None
    at = 0
    if edge is not None:
        place = _place(source, edge)
        behind = operator.lt if source.is_descending else operator.gt
        # The first row that is not in front of the cursor; and the first one behind it.
        places = [_place(source, row[2:]) for row in kept]
        at = next((n for n, one in enumerate(places) if behind(one, place)), len(kept))
        if is_backwards:
            start = next((n for n, one in enumerate(places) if not behind(place, one)), len(kept))
            return list(kept[max(0, start - most) : start])[::-1] if start < len(kept) else None
    found = list(kept[at : at + most])
    return found if len(found) == most or len(kept) <= MOST_COUNTED else None


def _place(source: Source, values: Sequence[str]) -> list[int | str]:
    """Return where a row stands: ids of Xero's in the order of their text, as in the index."""
    kinds = (kind for _, kind in source.cursor)
    return [
        int(value) if kind == "bigint" else value for value, kind in zip(values, kinds, strict=True)
    ]


def _where(listing: Listing) -> tuple[str, dict[str, Any]]:
    source, organisation = listing.source, listing.organisation
    params: dict[str, Any] = {
        "portal": listing.portal.pk,
        "organisation": organisation.pk if organisation else None,
    }
    if not listing.text.strip():
        return source.where, params
    query = search.raw_query(listing.text)
    if query is None:
        # No letter and no digit: nobody rather than everybody.
        return "FALSE", params
    matches = [
        pattern.format(column)
        for pattern, column in (
            (_LEARNER_MATCHES, source.learner),
            (_CONTACT_MATCHES, source.contact),
        )
        if column
    ]
    return f"{source.where} AND ({' OR '.join(matches)})", params | {"query": query}


def _columns(source: Source) -> str:
    cursor = (f"{name}::text" for name, _ in source.cursor)
    return ", ".join([source.learner or "NULL", source.contact or "NULL", *cursor])


def _order(source: Source, is_descending: bool) -> str:
    return ", ".join(f"{name}{' DESC' if is_descending else ''}" for name, _ in source.cursor)


def _edge(source: Source, cursor: str) -> list[Any] | None:
    """Return the values of a cursor, None where it is not one of this source."""
    parts = cursor.split("_")
    if len(parts) != len(source.cursor):
        return None
    kinds = [kind for _, kind in source.cursor]
    if all(map(_is_value, parts, kinds)):
        return parts
    return None


def _is_value(text: str, kind: str) -> bool:
    if kind == "bigint":
        return text.isascii() and text.isdigit() and len(text) <= 18
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _cursor(row: Sequence[Any]) -> str:
    return "_".join(row[2:])


def _keys(rows: Sequence[Sequence[Any]]) -> list[Key]:
    return [Key(row[0], row[1]) for row in rows]


def _select(statement: str, params: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())
