"""What the sync keeps of a learner: the way to Xero, questions, and what could not be saved.

Given out is what is the learner's alone: no other learner's name, nor a contact that is linked to
another learner, too.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Func, QuerySet, Value
from django.db.models.functions import Left

from invoices.models import ContactLink
from lrm import row_locks
from lrm.models import Learner
from lrm.personal_data import holdings, own_holding
from xero_sync.models import (
    ContactPush,
    ContactQuestion,
    LearnerRefresh,
    QuarantinedDocument,
    RunLearner,
)
from xero_sync.resources import Resource

# How `contacts.obstacles` names whoever has what a push wants; a notice may be cut within the name.
_BEFORE = "on the contact of|is kept for|Sync to Xero for"
_NAMED = re.compile(
    rf"(?:{_BEFORE}) "
    r"(?!this learner|another learner)(?P<who>.+?)(?: \([^)]*\)|$)"
)


def register() -> None:
    """Register it."""
    own_holding.register_naming(_NAMED)
    holdings.register(
        holdings.Holding(
            name="xero_sync",
            give=_give,
            erase=_erase,
            stays=(
                "The contact in Xero stays, and nothing is sent to it any more. Xero's deliveries "
                "and events stay for their time; they hold Xero's ids and no names.",
            ),
        )
    )


def _give(learner: Learner) -> dict[str, Any]:
    return {
        "push": _without_others(
            learner,
            ContactPush.objects.filter(learner=learner).values(
                *("state", "requested_at", "done_at", "problem", "known_as", "contact_xero_id"),
                *("candidate_xero_id", "candidate_why"),
            ),
        ),
        "questions": list(
            ContactQuestion.objects.filter(learner=learner).values(
                "contact_xero_id", "why", "asked_at"
            )
        ),
        "sync_now": _without_others(
            learner,
            LearnerRefresh.objects.filter(learner=learner).values(
                "requested_at", "finished_at", "problem"
            ),
        ),
        "re_syncs": _without_others(
            learner,
            RunLearner.objects.filter(learner=learner).values("run_id", "outcome", "problem"),
        ),
        "could_not_be_saved": list(_quarantined(learner).values("resource", "reason", "raw")),
    }


def _without_others(learner: Learner, rows: Iterable[Mapping[str, object]]) -> list[dict[str, Any]]:
    found = list(rows)
    problems = own_holding.without_others(learner, [str(each["problem"]) for each in found])
    return [{**each, "problem": problem} for each, problem in zip(found, problems, strict=True)]


def _erase(learner: Learner) -> None:
    """Delete what could not be saved of the learner's contacts, and the name where others wait.

    All else goes with the learner.
    """
    _quarantined(learner).delete()
    named = _naming(learner)
    without_name = Func(
        *("problem", Value(named), Value(rf"\1 {own_holding.SOMEBODY}"), Value("g")),
        function="regexp_replace",
    )
    of_others = {"learner__portal": learner.portal, "problem__regex": named}
    words = Left(without_name, 1000)
    row_locks.update(ContactPush.objects.filter(**of_others), problem=words)
    RunLearner.objects.filter(**of_others).update(problem=words)


def _naming(learner: Learner) -> str:
    """Return, for PostgreSQL, what names a learner, with whatever number it had then.

    Not those whose names end alike, and no namesake who is still here.
    """
    alike = learner.portal.learners.filter(
        given_name=learner.given_name, family_name=learner.family_name
    ).exclude(pk=learner.pk)
    theirs = "|".join(re.escape(number) for number in alike.values_list("number", flat=True))
    not_theirs = rf"(?!(?:{theirs})\))" if theirs else ""
    return rf"({_BEFORE}) {re.escape(learner.full_name)} \({not_theirs}[^)]*\)"


def _quarantined(learner: Learner) -> QuerySet[QuarantinedDocument]:
    """Return what could not be saved of the contacts that are nobody else's."""
    own = set(learner.contact_links.values_list("contact_xero_id", flat=True))
    others = ContactLink.objects.filter(contact_xero_id__in=own).exclude(learner=learner)
    own -= set(others.values_list("contact_xero_id", flat=True))
    return QuarantinedDocument.objects.filter(
        organisation__portal=learner.portal,
        resource=Resource.CONTACT,
        identity__in=[str(each) for each in own],
    )
