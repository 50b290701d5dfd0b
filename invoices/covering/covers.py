"""What people say of documents billed to others: this one covers a learner, that one does not.

Every answer is kept with who and when. It stays, whatever becomes of the document, until a person
takes it back. A document that covers a learner stands outside the learner's balance: somebody else
owes it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from connected_apps.models import Organisation
from invoices.covering import suggestions
from invoices.listing import document_rows
from invoices.listing.document_rows import DocumentRow
from invoices.models import CoverAct, CoverChange, CoverDecision, Document
from lrm.models import Learner, User

Pair = tuple[int, int]
"""A document and a learner, by our ids."""


@dataclass(frozen=True, slots=True)
class Said:
    """A document and a learner of whom a person has spoken."""

    document: DocumentRow
    learner: Learner
    is_covered: bool
    by_name: str
    at: datetime

    @property
    def key(self) -> str:
        """What a form calls it."""
        return f"{self.document.id}-{self.learner.pk}"


def answer(
    *,
    organisation: Organisation,
    pairs: Sequence[Pair],
    is_covered: bool,
    by: User,
    now: datetime,
) -> list[Said]:
    """Keep what a person says of documents that are suggested; return what was kept.

    What is not suggested any more, was answered meanwhile or belongs to somebody else is left out.
    """
    asked = set(pairs)
    rows = _rows_of({document_id for document_id, _ in pairs}, organisation)
    with transaction.atomic():
        kept = []
        for one in suggestions.among(rows, organisation=organisation):
            if (one.document.id, one.learner.pk) not in asked:
                continue
            _, is_new = CoverDecision.objects.get_or_create(
                organisation=organisation,
                kind=one.document.kind,
                document_xero_id=one.document.xero_id,
                learner=one.learner,
                defaults={
                    "is_covered": is_covered,
                    "found_in": one.place,
                    "by": by,
                    "by_name": str(by),
                    "at": now,
                },
            )
            if is_new:
                kept.append(Said(one.document, one.learner, is_covered, str(by), now))
        act = CoverAct.ACCEPTED if is_covered else CoverAct.REJECTED
        _note(organisation, kept, act=act, by=by, now=now)
    return kept


def take_back(
    *, organisation: Organisation, pairs: Sequence[Pair], by: User, now: datetime
) -> list[Said]:
    """Forget what was said of documents and learners; return what was forgotten.

    What still names the learner is suggested again.
    """
    rows = _rows_of({document_id for document_id, _ in pairs}, organisation)
    with transaction.atomic():
        forgotten = []
        for one in said_of(rows, organisation=organisation):
            if (one.document.id, one.learner.pk) not in set(pairs):
                continue
            decision = CoverDecision.objects.filter(
                organisation=organisation,
                kind=one.document.kind,
                document_xero_id=one.document.xero_id,
                learner=one.learner,
            )
            if decision.delete()[0]:
                forgotten.append(one)
        _note(organisation, forgotten, act=CoverAct.TAKEN_BACK, by=by, now=now)
    return forgotten


def said_of(rows: Iterable[DocumentRow], *, organisation: Organisation) -> list[Said]:
    """Return what people said of these documents, in their order; one query."""
    page = list(rows)
    decisions = CoverDecision.objects.filter(
        organisation=organisation, document_xero_id__in=[row.xero_id for row in page]
    )
    return _together(page, decisions.select_related("learner").order_by("learner__number"))


def said_of_learner(*, learner: Learner, organisation: Organisation) -> list[Said]:
    """Return what people said of a learner and documents that are stored, newest first."""
    decisions = list(
        CoverDecision.objects.filter(learner=learner, organisation=organisation).select_related(
            "learner"
        )
    )
    if not decisions:
        return []
    documents = Document.objects.filter(
        organisation=organisation,
        kind__in={decision.kind for decision in decisions},
        xero_id__in=[decision.document_xero_id for decision in decisions],
    )
    return _together(document_rows.rows_of(documents.order_by("-date", "-id")), decisions)


def _together(rows: Iterable[DocumentRow], decisions: Iterable[CoverDecision]) -> list[Said]:
    said: dict[tuple[str, UUID], list[CoverDecision]] = {}
    for each in decisions:
        said.setdefault((each.kind, each.document_xero_id), []).append(each)
    return [
        Said(row, each.learner, each.is_covered, each.by_name, each.at)
        for row in rows
        for each in said.get((row.kind, row.xero_id), ())
    ]


def _rows_of(document_ids: Iterable[int], organisation: Organisation) -> list[DocumentRow]:
    documents = Document.objects.filter(organisation=organisation, id__in=list(document_ids))
    return document_rows.rows_of(documents.order_by("-date", "-id"))


def _note(
    organisation: Organisation, said: Iterable[Said], *, act: CoverAct, by: User, now: datetime
) -> None:
    """Write a line of the history for each."""
    CoverChange.objects.bulk_create(
        CoverChange(
            learner=one.learner,
            organisation=organisation,
            kind=one.document.kind,
            document_xero_id=one.document.xero_id,
            act=act,
            by=by,
            by_name=str(by),
            at=now,
        )
        for one in said
    )
