"""Reading learners: the list, its search and its pages.

Pages are cut by key, not by offset, so that the last of 100,000 learners is as near as the
first. The cursor in the address is the id of the learner at the edge, which names nobody.
"""

from dataclasses import dataclass

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from lrm.models import Learner, Portal
from lrm.roster import search

PAGE_SIZE = 50
MAX_COUNTED = 1000

_ORDER = (Lower("family_name"), Lower("given_name"), "number")


@dataclass(frozen=True)
class Page:
    """One page of learners and the cursors of its neighbours (None at either end)."""

    learners: list[Learner]
    previous: int | None
    following: int | None


def learners_matching(
    *, portal: Portal, text: str, is_ticked: bool | None = None
) -> QuerySet[Learner]:
    """Return the portal's learners for a search; every learner where nothing was typed.

    A text without any letter or digit finds nobody rather than everybody.

    :param is_ticked: only those that are synced to Xero, or only those that are not.
    """
    learners = portal.learners.all()
    if is_ticked is not None:
        learners = learners.filter(sync_to_xero=is_ticked)
    if not text.strip():
        return learners
    query = search.word_query(text)
    if query is None:
        return learners.none()
    return learners.annotate(words=search.LearnerWords()).filter(words=query)


def page_of(
    learners: QuerySet[Learner],
    *,
    portal: Portal,
    after: int | None = None,
    before: int | None = None,
    size: int = PAGE_SIZE,
) -> Page:
    """Return the page behind `after` or in front of `before`; the first page without either.

    A cursor of a learner that is gone, or another portal's, gives the first page.
    """
    edge = portal.learners.filter(id=before or after or 0).first()
    if edge is not None and before is not None:
        return _page_before(learners, edge, size)
    rows = learners.order_by(*_ORDER)
    if edge is not None:
        rows = _beyond(rows, edge, "gt")
    found = list(rows[: size + 1])
    return Page(
        learners=found[:size],
        previous=found[0].id if edge is not None and found else None,
        following=found[size - 1].id if len(found) > size else None,
    )


def _page_before(learners: QuerySet[Learner], edge: Learner, size: int) -> Page:
    rows = _beyond(learners.order_by(*_ORDER).reverse(), edge, "lt")
    found = list(rows[: size + 1])
    shown = found[:size][::-1]
    return Page(
        learners=shown,
        previous=shown[0].id if len(found) > size else None,
        following=shown[-1].id if shown else None,
    )


def _beyond(rows: QuerySet[Learner], edge: Learner, side: str) -> QuerySet[Learner]:
    """Keep the rows on one side (`gt` or `lt`) of the edge.

    The first condition says nothing new, but it is the one that lets the index skip ahead.
    """
    family, given = edge.family_name.lower(), edge.given_name.lower()
    rows = rows.alias(family=Lower("family_name"), given=Lower("given_name"))
    return rows.filter(
        Q(**{f"family__{side}e": family}),
        Q(**{f"family__{side}": family})
        | Q(**{"family": family, f"given__{side}": given})
        | Q(**{"family": family, "given": given, f"number__{side}": edge.number}),
    )


def count_up_to_limit(learners: QuerySet[Learner]) -> tuple[int, bool]:
    """Return how many learners there are, and whether there are more than were counted."""
    counted = learners.order_by()[: MAX_COUNTED + 1].count()
    return min(counted, MAX_COUNTED), counted > MAX_COUNTED
