"""Sync health as three lists: what is in sync, what is left out and why, what fails and what to do.

Counts come from what checks found last, so that the page costs the same however much there is. The
lists of learners and contacts themselves are on the contacts page, to which these rows lead.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from connected_apps.models import Connection, Organisation
from connected_apps.states.states import LIVE
from lrm import moments
from lrm.models import Portal
from xero_sync import resources
from xero_sync.contact_tabs import tab_counts
from xero_sync.contact_tabs.listings import Count
from xero_sync.contact_tabs.tabs import LABELS, LEFT_OUT_LABELS, LeftOut, Tab
from xero_sync.models import ENDED_RUNS, Cursor, QuarantinedDocument
from xero_sync.resources import Resource
from xero_sync.runs import comparison, first_sync
from xero_sync.status import completeness, unread

MOST_LISTED = 50
_NEVER: tuple[int, int | None, datetime | None] = (0, None, None)
_REMOVED = "[removed]"
_PERSONAL = re.compile(r"[^\s@]+@[^\s@]+|'[^'\n]*'|\"[^\"\n]*\"")
_WHY_LEFT_OUT: dict[LeftOut, str] = {
    LeftOut.LEARNERS: "Sync to Xero is not ticked for them.",
    LeftOut.SUPPLIERS: "Contacts that only send bills are not read as learners.",
    LeftOut.ARCHIVED: "Archived in Xero, so nothing is written to them.",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a list: what it is, how many, why, and what can be done about it.

    :param count: as people read it, such as "1,000+"; empty where it is one thing.
    :param retry: by what the retry of this row alone is asked for; empty where it has none.
    :param diagnostics: what support needs to know of it, without anything personal or secret.
    """

    what: str
    count: str = ""
    why: str = ""
    to_do: str = ""
    address: str = ""
    link: str = ""
    retry: str = ""
    diagnostics: str = ""


@dataclass(frozen=True)
class Health:
    """The three lists, and how many stand behind the last one."""

    in_sync: list[Row] = field(default_factory=list)
    left_out: list[Row] = field(default_factory=list)
    failing: list[Row] = field(default_factory=list)
    # Documents that could not be saved, of which the list shows the first.
    not_saved: int = 0


def of_connection(connection: Connection | None, *, now: datetime) -> Health:
    """Return how an organisation's sync stands."""
    if connection is None or connection.organisation is None:
        return Health()
    portal, organisation = connection.portal, connection.organisation
    counts = tab_counts.of_all(portal, organisation)
    cursors = list(Cursor.objects.filter(organisation=organisation).order_by("id"))
    not_saved = QuarantinedDocument.objects.filter(organisation=organisation)
    names = [connection.grant.xero_user_name] if connection.grant else []
    failing = [
        *_swept_late(connection, organisation, cursors, now=now),
        *_refused(counts[Tab.REFUSED], counts[Tab.QUESTIONS]),
        *_differing(organisation),
        *_not_saved(not_saved.order_by("-last_tried_at", "id").defer("raw")[:MOST_LISTED]),
    ]
    return Health(
        in_sync=[
            *_documents_in_sync(cursors, _of_first_sync(organisation), portal, now=now),
            _linked(counts[Tab.LINKED]),
        ],
        left_out=_left_out(counts),
        failing=[replace(row, diagnostics=_redacted(row.diagnostics, names)) for row in failing],
        not_saved=not_saved.count(),
    )


def _documents_in_sync(
    cursors: Iterable[Cursor],
    first: dict[str, tuple[int, int | None, datetime | None]],
    portal: Portal,
    *,
    now: datetime,
) -> list[Row]:
    rows = []
    for cursor in cursors:
        if cursor.resource not in resources.DOCUMENTS:
            continue
        label = Resource(cursor.resource).label
        at = cursor.counted_at or first.get(cursor.resource, _NEVER)[2]
        if at is None:
            rows.append(Row(what=label, why="Not checked against Xero yet."))
            continue
        here, count = cursor.count_stored, cursor.count_in_xero
        if cursor.counted_at is None:
            here, count, _ = first[cursor.resource]
        checked = moments.short(at, now=now, zone=portal.zone)
        in_xero = "" if count is None else f"{count:,} in Xero, "
        rows.append(Row(what=label, count=f"{here:,}", why=f"{in_xero}checked {checked}."))
    return rows


def _of_first_sync(
    organisation: Organisation,
) -> dict[str, tuple[int, int | None, datetime | None]]:
    """Return by kind what the first sync proved: it is there hours before the first daily count."""
    run = first_sync.latest(organisation.pk)
    if run is None or run.state not in ENDED_RUNS:
        return {}
    steps = list(run.steps.defer("differing"))
    return {
        kind: (
            sum(step.our_count or 0 for step in steps if step.resource == kind),
            comparison.sum_if_known([step.xero_count for step in steps if step.resource == kind]),
            run.finished_at,
        )
        for kind in resources.DOCUMENTS
    }


def _linked(count: object) -> Row:
    return Row(
        what="Learners with their contact in Xero",
        count=str(count),
        address=f"{reverse('xero_contacts')}?tab={Tab.LINKED}",
        link="See them",
    )


def _left_out(counts: dict[Tab | LeftOut, Count]) -> list[Row]:
    nobodys = counts[Tab.NO_LEARNER]
    rows = [
        Row(
            what=f"Contacts with {LABELS[Tab.NO_LEARNER].lower()}",
            count=str(nobodys),
            why="Their documents show in report #0442, but on no learner's page.",
            to_do=(
                "Put the learner's number into the contact's account number in Xero, or link the "
                "contact."
            ),
            address=f"{reverse('xero_contacts')}?tab={Tab.NO_LEARNER}",
            link="See them",
        )
    ]
    rows += [
        Row(
            what=LEFT_OUT_LABELS[part],
            count=str(counts[part]),
            why=_WHY_LEFT_OUT[part],
            address=f"{reverse('xero_contacts')}?tab={Tab.LEFT_OUT}&of={part}",
            link="See them",
        )
        for part in LeftOut
    ]
    return [row for row in rows if row.count != "0"]


def _swept_late(
    connection: Connection, organisation: Organisation, cursors: list[Cursor], *, now: datetime
) -> list[Row]:
    """Return what regular checks wait for, and those to which no worker comes."""
    if connection.state not in LIVE:
        return _waiting(cursors, now=now)
    is_behind = first_sync.is_behind(organisation.pk)
    unchecked = unread.of_connection(connection, is_first_behind=is_behind, now=now).unchecked
    others = [cursor for cursor in cursors if cursor not in unchecked]
    return [*_unchecked(unchecked, connection, now=now), *_waiting(others, now=now)]


def _unchecked(unchecked: list[Cursor], connection: Connection, *, now: datetime) -> list[Row]:
    if not unchecked or unread.is_being_read(unchecked, connection, now=now):
        return []
    problems = dict.fromkeys(cursor.problem for cursor in unchecked if cursor.problem)
    return [
        Row(
            what="Regular checks",
            why=unread.words_of_unchecked(unchecked, connection, now=now),
            diagnostics=_diagnostics(
                what=f"regular check of {', '.join(cursor.resource for cursor in unchecked)}",
                at=unread.unchecked_since(unchecked),
                answer=". ".join(problems) or "no worker came",
            ),
        )
    ]


def _waiting(cursors: Iterable[Cursor], *, now: datetime) -> list[Row]:
    waiting = [cursor for cursor in cursors if cursor.problem]
    return [
        Row(
            what=f"Changes of {Resource(cursor.resource).label.lower()}",
            why=f"{cursor.problem}.",
            to_do="It is tried again by itself.",
            diagnostics=_diagnostics(
                what=f"regular check of {cursor.resource}",
                at=cursor.last_swept_at,
                answer=cursor.problem,
            ),
        )
        for cursor in unread.late_cursors(waiting, now=now)
    ]


def _refused(refused: Count, questions: Count) -> list[Row]:
    rows = []
    if refused.number:
        rows.append(
            Row(
                what="Learners refused by Xero",
                count=str(refused),
                to_do="Edit them as Xero's words say, then try again.",
                address=f"{reverse('xero_contacts')}?tab={Tab.REFUSED}",
                link="See them and try again",
            )
        )
    if questions.number:
        rows.append(
            Row(
                what="Questions about learners and contacts",
                count=str(questions),
                to_do="Say whether they are the same person.",
                address=f"{reverse('xero_contacts')}?tab={Tab.QUESTIONS}",
                link="Answer them",
            )
        )
    return rows


def _differing(organisation: Organisation) -> list[Row]:
    standing = completeness.standing_runs(organisation)
    if not standing:
        return []
    run = standing[0]
    return [
        Row(
            what="Documents that differ from Xero",
            why=f"{run.reason}.",
            to_do="Fix them in Xero where they are wrong there, then re-sync their days.",
            address=reverse("resync"),
            link="See which",
            diagnostics=_diagnostics(
                what=f"re-sync {run.pk}",
                at=run.finished_at,
                answer=run.reason,
                correlation=run.correlation_id,
            ),
        )
    ]


def _not_saved(found: Iterable[QuarantinedDocument]) -> list[Row]:
    return [
        Row(
            what=f"{one.get_resource_display()}: {one.number or one.identity}",
            why=one.reason,
            to_do="Fix it in Xero where the reason names something wrong there.",
            retry=str(one.pk),
            diagnostics=_diagnostics(
                what=f"{one.resource} {one.identity}",
                at=one.last_tried_at,
                answer=one.reason,
                tries=one.tries,
            ),
        )
        for one in found
    ]


def _redacted(text: str, names: Iterable[str]) -> str:
    """Return diagnostics without people: no name, no e-mail address, no quoted value."""
    for name in filter(None, names):
        text = text.replace(name, _REMOVED)
    return _PERSONAL.sub(_REMOVED, text)


def _diagnostics(
    *,
    what: str,
    at: datetime | None,
    answer: str,
    correlation: UUID | None = None,
    tries: int | None = None,
) -> str:
    lines = {
        "What": what,
        "Correlation": str(correlation or ""),
        "Time": at.isoformat(timespec="seconds") if at else "",
        "Answer": answer,
        "Tries": str(tries or ""),
    }
    return "\n".join(f"{name}: {value}" for name, value in lines.items() if value)
