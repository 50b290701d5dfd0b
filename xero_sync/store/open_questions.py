"""The questions that wait for a person, kept so that all of an organisation can be listed.

Whoever derives the links of contacts or learners knows what is asked about them, too, and keeps it
here in the same transaction and under the same lock.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from connected_apps.models import Organisation
from xero_sync.models import ContactQuestion
from xero_sync.store import identity_verdicts


def keep_of_contacts(
    organisation: Organisation,
    contact_ids: Collection[str | UUID],
    candidates: Iterable[identity_verdicts.Candidate],
    *,
    now: datetime,
) -> None:
    """Keep what is asked about these contacts, and nothing else of them."""
    _keep(organisation, Q(contact_xero_id__in=contact_ids), candidates, now)


def keep_of_learners(
    organisation: Organisation,
    learner_ids: Collection[int],
    candidates: Iterable[identity_verdicts.Candidate],
    *,
    now: datetime,
) -> None:
    """Keep what is asked about these learners, and nothing else of them."""
    _keep(organisation, Q(learner_id__in=learner_ids), candidates, now)


def _keep(
    organisation: Organisation,
    whose: Q,
    candidates: Iterable[identity_verdicts.Candidate],
    now: datetime,
) -> None:
    asked = {each.ids: each.verdict.why.value for each in candidates if each.verdict.is_question}
    rows: QuerySet[Any] = ContactQuestion.objects.filter(whose, organisation=organisation)
    kept = {
        (learner_id, contact_id): (pk, why)
        for pk, learner_id, contact_id, why in rows.values_list(
            "pk", "learner_id", "contact_xero_id", "why"
        )
    }
    over = [pk for ids, (pk, _) in kept.items() if ids not in asked]
    if over:
        ContactQuestion.objects.filter(pk__in=over).delete()
    new = [
        ContactQuestion(
            organisation=organisation,
            learner_id=learner_id,
            contact_xero_id=contact_id,
            why=why,
            asked_at=now,
        )
        for (learner_id, contact_id), why in asked.items()
        if kept.get((learner_id, contact_id), (0, ""))[1] != why
    ]
    if new:
        ContactQuestion.objects.bulk_create(
            new,
            update_conflicts=True,
            unique_fields=["organisation", "learner", "contact_xero_id"],
            update_fields=["why"],
        )
