"""What of Xero's documents is not here, or not as it is there: for the line of freshness."""

from datetime import datetime

from django.urls import reverse

from connected_apps import freshness
from connected_apps.freshness import Condition, Gap
from connected_apps.models import Connection, State
from connected_apps.states import states
from lrm import moments
from xero_sync.models import Cursor, QuarantinedDocument, RunState, SyncRun
from xero_sync.runs import first_sync, run_progress
from xero_sync.runs.run_progress import Part
from xero_sync.status import completeness, unread


def register() -> None:
    """Add to what every page says of its documents."""
    freshness.register(of_connection)


def of_connection(connection: Connection, now: datetime) -> list[Gap]:
    """Return every gap of an organisation's documents."""
    organisation = connection.organisation
    if organisation is None:
        return []
    is_live = connection.state in states.LIVE
    is_behind = first_sync.is_behind(organisation.pk)
    return [
        *(_waiting(connection, is_first_behind=is_behind, now=now) if is_live else []),
        *(_first_sync(connection, organisation.pk, is_live=is_live, now=now) if is_behind else []),
        *_not_saved(organisation.pk),
        *_differs(completeness.standing_count(organisation)),
    ]


def _waiting(connection: Connection, *, is_first_behind: bool, now: datetime) -> list[Gap]:
    """Return what keeps sweeps from getting through, and which do not come at all."""
    found = unread.of_connection(connection, is_first_behind=is_first_behind, now=now)
    gaps = [*_refused(found.refused), *_unchecked(connection, found.unchecked, now=now)]
    # The connection says it itself once Xero has said so; here our own books held the calls back.
    if found.out_of_calls and connection.state != State.PAUSED:
        again = max(one.next_due_at for one in found.out_of_calls)
        gaps.append(_out_of_calls(connection, again, now=now))
    return gaps


def _out_of_calls(connection: Connection, again: datetime, *, now: datetime) -> Gap:
    at = moments.at(again, now=now, zone=connection.portal.zone)
    return Gap(
        condition=Condition.PAUSED,
        text=(
            "Today's calls to Xero are used up, so changes may be missing here. Reading is tried "
            f"again {at}, by itself."
        ),
        until=again,
    )


def _refused(late: list[Cursor]) -> list[Gap]:
    if not late:
        return []
    problems = ". ".join(dict.fromkeys(cursor.problem for cursor in late if cursor.problem))
    return [
        Gap(
            condition=Condition.KIND_REFUSED,
            text=(
                f"Changes of {unread.kinds_of(late)} cannot be read at the moment. {problems}. "
                "Reading continues by itself after that."
            ),
            count=len(late),
        )
    ]


def _unchecked(connection: Connection, cursors: list[Cursor], *, now: datetime) -> list[Gap]:
    if not cursors:
        return []
    is_read = unread.is_being_read(cursors, connection, now=now)
    return [
        Gap(
            condition=Condition.KIND_REFUSED,
            text=unread.words_of_unchecked(cursors, connection, now=now),
            word="Catching up" if is_read else "Not checked",
            count=len(cursors),
            since=unread.unchecked_since(cursors),
        )
    ]


def _first_sync(
    connection: Connection, organisation_id: int, *, is_live: bool, now: datetime
) -> list[Gap]:
    run = first_sync.latest(organisation_id)
    part, read, total = _figures(run)
    if run is not None and run.state == RunState.CANCELLED:
        return [_cancelled(connection, run, (part, read, total), now=now)]
    words = _how_far(part, read, total, is_live=is_live)
    goes_on = is_live and connection.state != State.PAUSED
    return [
        Gap(
            condition=Condition.FIRST_SYNC,
            text=f"{words} The rest appears here by itself." if goes_on else words,
            read=read,
            total=total,
        )
    ]


def _how_far(part: Part, read: int, total: int | None, *, is_live: bool) -> str:
    """Return how far the first sync is, or was when Xero was disconnected."""
    counted = "" if total is None else f"{read:,} of {total:,} documents"
    if part == Part.OLDER:
        done = "The last twelve months are here and checked."
        still = "are still being read" if is_live else "had not all been read"
        return f"{done} Older documents {still}{f': {counted} in all' if counted else ''}."
    counted += f" {part.label}" if part == Part.NEWEST else ""
    if total is None:
        return "Xero is still being read." if is_live else "The first sync had hardly begun."
    return (
        f"Xero is still being read: {counted}."
        if is_live
        else f"The first sync had read {counted}."
    )


def _cancelled(
    connection: Connection, run: SyncRun, figures: tuple[Part, int, int | None], *, now: datetime
) -> Gap:
    part, read, total = figures
    ended = moments.at(run.finished_at or now, now=now, zone=connection.portal.zone)
    after = f" after {read:,} of {total:,} documents {part.label}".rstrip() if total else ""
    return Gap(
        condition=Condition.FIRST_SYNC_CANCELLED,
        text=(
            f"The first sync was cancelled {ended}{after}, so older documents are missing. "
            "New changes still arrive."
        ),
        remedy="continue it",
        read=read,
        total=total,
        since=run.finished_at,
        address=reverse("resync"),
        link="See how far it came",
    )


def _figures(run: SyncRun | None) -> tuple[Part, int, int | None]:
    if run is None:
        return Part.WHOLE, 0, None
    progress = run_progress.progress_of(run)
    return progress.part, progress.read, progress.total


def _not_saved(organisation_id: int) -> list[Gap]:
    count = QuarantinedDocument.objects.filter(organisation_id=organisation_id).count()
    if not count:
        return []
    one = count == 1
    return [
        Gap(
            condition=Condition.NOT_SAVED,
            text=(
                f"{count:,} document{'' if one else 's'} could not be saved, so "
                f"{'it is' if one else 'they are'} missing or older here. "
                f"{'It is' if one else 'They are'} tried again every day."
            ),
            count=count,
            address=f"{reverse('connected_apps')}#not-saved",
            link="See it" if one else "See them",
        )
    ]


def _differs(count: int) -> list[Gap]:
    if not count:
        return []
    return [
        Gap(
            condition=Condition.DIFFERS,
            text="The last check against Xero found documents here that differ.",
            remedy="see which",
            count=count,
            address=reverse("resync"),
            link="See them",
        )
    ]
