"""What files and batch jobs keep of a learner: rows that were uploaded, and rows that failed.

A row is the learner's whose number stands in the column of the numbers, and nobody else's: a number
may be another's postcode as well, a family has one e-mail address, and a short name stands within
longer ones.
"""

from typing import Any

from django.db.models import Q, QuerySet

from lrm.learner_imports import import_columns
from lrm.models import ImportedRow, JobFailure, Learner
from lrm.personal_data import holdings


def register() -> None:
    """Register it."""
    holdings.register(holdings.Holding(name="batch_jobs", give=_give, erase=_erase))


def _give(learner: Learner) -> dict[str, Any]:
    return {
        "imported_rows": list(_imported(learner).values("of__file_name", "row", "values")),
        "failed_rows": list(_failed(learner).values("row", "name", "reason", "values")),
    }


def _erase(learner: Learner) -> None:
    _imported(learner).delete()
    _failed(learner).delete()


def _imported(learner: Learner) -> QuerySet[ImportedRow]:
    rows = ImportedRow.objects.filter(of__portal=learner.portal)
    return rows.filter(values__number=learner.number)


def _failed(learner: Learner) -> QuerySet[JobFailure]:
    failures = JobFailure.objects.filter(job__portal=learner.portal)
    # Every file words its headings as it likes, so those are looked at that have one of these
    # anywhere in their pairs of heading and text.
    has_number = Q(values__contains=[[learner.number]])
    has_name = Q(values__contains=[[learner.family_name]])
    found = failures.filter(has_number | has_name | Q(name__in=_names_of(learner)))
    return failures.filter(pk__in=[each.pk for each in found if _is_of(each, learner)])


def _is_of(failure: JobFailure, learner: Learner) -> bool:
    said = _said(failure)
    number = said.get("number", "")
    if number == learner.number:
        return True
    if not number:
        # Other jobs name whom they could not deal with, and have no row of a file.
        return failure.name in _names_of(learner) or _is_same_person(said, learner)
    # Mistyped, unless it is another learner's.
    others = learner.portal.learners.filter(number=number)
    return _is_same_person(said, learner) and not others.exists()


def _names_of(learner: Learner) -> tuple[str, str]:
    """Return how jobs call a learner: by the number behind the name, or before it."""
    return str(learner), f"{learner.number} {learner.full_name}"


def _said(failure: JobFailure) -> dict[str | None, str]:
    """Return what a row says of each field."""
    fields = import_columns.fields_of([heading for heading, _ in failure.values])
    return dict(zip(fields, (text for _, text in failure.values), strict=True))


def _is_same_person(said: dict[str | None, str], learner: Learner) -> bool:
    """Return whether a row has the learner's e-mail address, and their names beside it."""
    names = (said.get("given_name", ""), said.get("family_name", ""))
    if not learner.email or names != (learner.given_name, learner.family_name):
        return False
    return said.get("email", "").casefold() == learner.email.casefold()
