"""The versions of one document, newest first, and which of them held at a moment.

Whoever asks has found the document by what this person may see; nothing here asks for rights.
"""

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, overload

from django.db.models import Func, TextField
from django.db.models.functions import Cast

from invoices.models import Document, ReadBy
from xero_sync.document_history import version_changes, version_fields
from xero_sync.document_history.version_changes import Change
from xero_sync.document_history.version_fields import Fields


@dataclass(frozen=True)
class Version:
    """What stood here from `held_from` until `held_to`, when a later one replaced it."""

    pk: int
    kind: str
    raw: str
    changed_in_xero_at: datetime
    held_from: datetime
    held_to: datetime

    @cached_property
    def fields(self) -> Fields | None:
        """What it says; None where this release cannot read it."""
        return version_fields.read(kind=self.kind, raw=self.raw)


@dataclass(frozen=True)
class Step:
    """One line of a history: from one version to the next, when, by what, and what it changed."""

    at: datetime
    by: str
    before_pk: int
    changes: list[Change]


@dataclass(frozen=True)
class History:
    """The newest lines of a document's history, and how many there are in all."""

    steps: list[Step]
    count: int

    @property
    def older(self) -> int:
        """How many lines are not among these."""
        return self.count - len(self.steps)


class Known(enum.Enum):
    """What is known of a moment."""

    REPLACED = enum.auto()  # A version that was replaced since held then.
    TODAYS = enum.auto()  # The version that stands today held then.
    NOT_YET = enum.auto()  # The document was not here yet.
    NOT_KEPT = enum.auto()  # What held then is not kept any more, or was not kept yet.


class Steps(Sequence[Step]):
    """The history of a document, newest first: what is looked at is read, and no more."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def __len__(self) -> int:
        return self._document.versions.count()

    @overload
    def __getitem__(self, place: int) -> Step: ...

    @overload
    def __getitem__(self, place: slice) -> list[Step]: ...

    def __getitem__(self, place: int | slice) -> Step | list[Step]:
        if isinstance(place, int):
            return self[place : place + 1][0]
        start = place.start or 0
        # What came after the first of them is the version before it in this order.
        rows = list(_newest(self._document)[max(0, start - 1) : place.stop])
        if len(rows) <= bool(start):
            return []
        following = rows.pop(0).text if start else _text_of(self._document)
        read = [
            version_fields.read(kind=self._document.kind, raw=text)
            for text in (following, *(row.text for row in rows))
        ]
        return [
            Step(
                at=row.replaced_at,
                by=str(ReadBy(row.replaced_by).label),
                before_pk=row.pk,
                changes=version_changes.between(read[number + 1], read[number]),
            )
            for number, row in enumerate(rows)
        ]


def history_of(document: Document, *, most: int) -> History:
    """Return the newest lines of a document's history."""
    steps = Steps(document)
    newest = steps[:most]
    return History(newest, len(newest) if len(newest) < most else len(steps))


def version_of(document: Document, pk: int) -> Version | None:
    """Return a version of this document that was replaced."""
    pretty = Func("raw", function="jsonb_pretty", output_field=TextField())
    row = _newest(document).filter(pk=pk).annotate(text=pretty).first()
    if row is None:
        return None
    before = document.versions.filter(replaced_at__lte=row.replaced_at, pk__lt=row.pk)
    last_at = before.order_by("-replaced_at", "-pk").values_list("replaced_at", flat=True).first()
    return Version(
        pk=row.pk,
        kind=document.kind,
        raw=row.text,
        changed_in_xero_at=row.updated_at,
        held_from=last_at or row.stored_at,
        held_to=row.replaced_at,
    )


def neighbours_of(document: Document, version: Version) -> tuple[int | None, int | None]:
    """Return the versions before and after one that was replaced; None where there is none."""
    pks = list(document.versions.order_by("replaced_at", "pk").values_list("pk", flat=True))
    place = pks.index(version.pk)
    earlier = pks[place - 1] if place else None
    return earlier, pks[place + 1] if place + 1 < len(pks) else None


def held_at(document: Document, moment: datetime) -> tuple[Known, int | None]:
    """Return what is known of a moment, and the version that held then where it was replaced.

    That is the first one that was replaced after the moment. It certainly stood already where one
    before it had been replaced by then, or where it was stored by then itself: nobody keeps what
    was replaced before there were versions, or longer ago than people want.
    """
    if moment < document.first_synced_at:
        return Known.NOT_YET, None
    later = document.versions.filter(replaced_at__gt=moment).order_by("replaced_at", "pk")
    row = later.values_list("pk", "stored_at").first()
    stored_at = row[1] if row else document.synced_at
    if stored_at > moment and not document.versions.filter(replaced_at__lte=moment).exists():
        return Known.NOT_KEPT, None
    return (Known.REPLACED, row[0]) if row else (Known.TODAYS, None)


def _newest(document: Document) -> Any:
    """Return the versions with their JSON as `text`, so that numbers stay as Xero wrote them."""
    found = document.versions.defer("raw", "digest").annotate(text=Cast("raw", TextField()))
    return found.order_by("-replaced_at", "-pk")


def _text_of(document: Document) -> str:
    row = Document.objects.filter(pk=document.pk).annotate(text=Cast("raw", TextField()))
    return str(row.values_list("text", flat=True).get())
