"""Saving many learners in one transaction, each as `lrm.roster.learners.save_learner` would.

The same is tidied, written, audited and told, but in a few statements for all of them. Of a batch
all rows are written before anybody is told: what follows from one is judged by how all of them are
in the end. So two learners may swap their numbers, and one that takes over an address which
another has given up in the same batch never shares it.
"""

import dataclasses
import enum
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from lrm import signals
from lrm.models import Learner, LearnerChange, Portal, User
from lrm.personal_data import tombstones
from lrm.roster import learners

# So many are saved at a time: a transaction of about a second, which keeps nobody waiting.
BATCH = 500


class Refusal(enum.Enum):
    """Why a row was not saved, in a sentence."""

    NUMBER_TAKEN = "Another learner has this number. Numbers are unique."
    NUMBER_ERASED = "A learner with this number was erased. Use another number."
    GONE = "This learner is not there any more."


@dataclasses.dataclass(frozen=True, kw_only=True)
class LearnerRow:
    """What to write, under the model's field names; a new learner where `learner_id` is None.

    Of a learner that is there, fields which are not named stay as they are.
    """

    values: Mapping[str, str | bool]
    learner_id: int | None = None


@dataclasses.dataclass(kw_only=True)
class Saved:
    """What became of a row. A learner that is as it was before is `changed` in nothing."""

    learner: Learner
    created: bool
    changed: list[str]
    refusal: Refusal | None = None
    number_before: str = ""
    email_before: str = ""

    @property
    def is_written(self) -> bool:
        """Whether anything was written."""
        return self.refusal is None and (self.created or bool(self.changed))


def save_learners(
    *, portal: Portal, rows: Sequence[LearnerRow], by: User | None, now: datetime
) -> list[Saved]:
    """Create and change learners, and return what became of each row, in their order.

    A row whose number another learner has, or whose learner is gone, is refused by itself.

    :param rows: some hundreds at most (`BATCH`), no learner twice.
    :param by: None where whoever asked for it has left since.
    :raises LearnerNumberTaken: somebody else took a number at this very moment; nothing was saved.
    """
    try:
        with transaction.atomic():
            return _save(portal, rows, by, now)
    except IntegrityError as error:
        if "learner_number_unique_in_portal" not in str(error):
            raise
        raise learners.LearnerNumberTaken from error


def _save(
    portal: Portal, rows: Sequence[LearnerRow], by: User | None, now: datetime
) -> list[Saved]:
    signals.learner_saving.send(Learner, portal=portal)
    results = _apply(portal, rows, now)
    _refuse_taken_numbers(portal, results)
    written = [one for one in results if one.is_written]
    if not written:
        return results
    for one in written:
        one.learner.updated_at = now
    # First, since a new learner may have a number that another gives up.
    _update([one for one in written if not one.created], now)
    Learner.objects.bulk_create([one.learner for one in written if one.created])
    LearnerChange.objects.bulk_create(
        LearnerChange(
            learner=one.learner,
            by=by,
            at=now,
            created=one.created,
            fields=[] if one.created else one.changed,
        )
        for one in written
    )
    signals.learners_saved.send(
        Learner,
        portal=portal,
        saved=[
            signals.SavedLearner(
                learner=one.learner, created=one.created, email_before=one.email_before
            )
            for one in written
        ],
        by=by,
    )
    return results


def _apply(portal: Portal, rows: Sequence[LearnerRow], now: datetime) -> list[Saved]:
    """Put each row's values on its learner, read again under a lock, or on a new one."""
    wanted = [row.learner_id for row in rows if row.learner_id is not None]
    if len(wanted) != len(set(wanted)):
        raise ValueError("A learner may be in a batch once only.")
    locked = portal.learners.select_for_update(of=("self",)).filter(id__in=wanted).order_by("id")
    stored = {learner.pk: learner for learner in locked}
    results = []
    for row in rows:
        learner = stored.get(row.learner_id) if row.learner_id is not None else None
        is_gone = learner is None and row.learner_id is not None
        learner = learner or Learner(portal=portal, created_at=now)
        # Without a query for each.
        learner.portal = portal
        number, email = learner.number, learner.email
        results.append(
            Saved(
                learner=learner,
                created=row.learner_id is None,
                changed=learners.apply(learner, row.values),
                refusal=Refusal.GONE if is_gone else None,
                number_before=number,
                email_before=email,
            )
        )
    return results


def _refuse_taken_numbers(portal: Portal, results: Sequence[Saved]) -> None:
    """Refuse rows whose number somebody has who does not give it up in the same batch."""
    wanting = [one for one in results if one.is_written and "number" in one.changed]
    numbers = [one.learner.number for one in wanting]
    holders = dict(portal.learners.filter(number__in=numbers).values_list("number", "id"))
    giving_up = {one.learner.pk for one in wanting if not one.created}
    erased = tombstones.erased_among(portal, numbers)
    for one in wanting:
        if one.learner.number in erased:
            one.refusal = Refusal.NUMBER_ERASED
    taken: set[str] = {number for number, holder in holders.items() if holder not in giving_up}
    for one in wanting:
        if one.refusal:
            continue
        if one.learner.number in taken:
            one.refusal = Refusal.NUMBER_TAKEN
        taken.add(one.learner.number)
    # Whoever is refused keeps a number that another row may have counted on.
    kept = {one.number_before for one in wanting if one.refusal and not one.created}
    while kept:
        losing = [one for one in wanting if not one.refusal and one.learner.number in kept]
        for one in losing:
            one.refusal = Refusal.NUMBER_TAKEN
        kept = {one.number_before for one in losing if not one.created}


def _update(written: Sequence[Saved], now: datetime) -> None:
    """Write the changed fields of learners that are there, in one statement."""
    if not written:
        return
    _let_go_of_numbers([one for one in written if "number" in one.changed])
    names = sorted({name for one in written for name in one.changed})
    sets = ", ".join(f'"{name}" = new."{name}"' for name in names)
    kinds = ", ".join(f"%s::{_kind(name)}[]" for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    statement = (
        f"UPDATE lrm_learner AS old SET {sets}, updated_at = %s"  # noqa: S608 - the model's names
        f" FROM unnest(%s::bigint[], {kinds}) AS new (id, {columns}) WHERE old.id = new.id"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [
                now,
                [one.learner.pk for one in written],
                *([getattr(one.learner, name) for one in written] for name in names),
            ],
        )


def _kind(name: str) -> str:
    return "boolean" if name == "sync_to_xero" else "text"


def _let_go_of_numbers(renumbered: Iterable[Saved]) -> None:
    """Let nobody have the numbers that change hands, or a swap would meet itself half way.

    PostgreSQL looks at each row as it is written. A line feed is in no number that was saved.
    """
    ids = [one.learner.pk for one in renumbered]
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE lrm_learner SET number = chr(10) || id WHERE id = ANY(%s::bigint[])", [ids]
        )
