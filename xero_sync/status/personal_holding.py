"""What the sync keeps of a learner: the way to Xero, questions, and what could not be saved."""

import re
from typing import Any

from django.db.models import Func, QuerySet, Value
from django.db.models.functions import Left

from lrm import row_locks
from lrm.models import Learner
from lrm.personal_data import holdings
from xero_sync.models import (
    ContactPush,
    ContactQuestion,
    LearnerRefresh,
    QuarantinedDocument,
    RunLearner,
)
from xero_sync.resources import Resource

_SOMEBODY = "another learner"


def register() -> None:
    """Register it."""
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
        "push": list(
            ContactPush.objects.filter(learner=learner).values(
                *("state", "requested_at", "done_at", "problem", "known_as", "contact_xero_id"),
                *("candidate_xero_id", "candidate_why"),
            )
        ),
        "questions": list(
            ContactQuestion.objects.filter(learner=learner).values(
                "contact_xero_id", "why", "asked_at"
            )
        ),
        "sync_now": list(
            LearnerRefresh.objects.filter(learner=learner).values(
                "requested_at", "finished_at", "problem"
            )
        ),
        "re_syncs": list(
            RunLearner.objects.filter(learner=learner).values("run_id", "outcome", "problem")
        ),
        "could_not_be_saved": list(_quarantined(learner).values("resource", "reason", "raw")),
    }


def _erase(learner: Learner) -> None:
    """Delete what could not be saved of the learner's contacts, and the name where others wait.

    All else goes with the learner.
    """
    _quarantined(learner).delete()
    # With whatever number it had when that was written.
    named = rf"{re.escape(learner.full_name)} \([^)]*\)"
    without_name = Func(
        *("problem", Value(named), Value(_SOMEBODY), Value("g")), function="regexp_replace"
    )
    of_others = {"learner__portal": learner.portal, "problem__regex": named}
    words = Left(without_name, 1000)
    row_locks.update(ContactPush.objects.filter(**of_others), problem=words)
    RunLearner.objects.filter(**of_others).update(problem=words)


def _quarantined(learner: Learner) -> QuerySet[QuarantinedDocument]:
    links = learner.contact_links.values_list("contact_xero_id", flat=True)
    return QuarantinedDocument.objects.filter(
        organisation__portal=learner.portal,
        resource=Resource.CONTACT,
        identity__in=[str(each) for each in links],
    )
