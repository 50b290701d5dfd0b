"""How a learner and a contact stand: their link, and what a person said; read, and put.

Whoever calls holds the lock of `contact_links`, and writes the line of the history.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from connected_apps.models import Organisation
from invoices.models import ContactDecision, ContactLink
from invoices.rules.identity import Why
from lrm.models import User
from xero_sync.models import ContactPush, PushState


@dataclass(frozen=True, slots=True)
class Standing:
    """How a learner and a contact stand: the link, where there is one, and what was said."""

    source: str | None
    evidence: str
    said: bool | None


def of(organisation: Organisation, learner_id: int, contact_id: UUID) -> Standing:
    """Return how the two stand."""
    pair: dict[str, Any] = {
        "organisation": organisation,
        "learner_id": learner_id,
        "contact_xero_id": contact_id,
    }
    found = ContactLink.objects.filter(**pair).first()
    decision = ContactDecision.objects.filter(**pair).first()
    return Standing(
        source=found.source if found else None,
        evidence=found.evidence if found else "",
        said=decision.is_same_person if decision else None,
    )


def link(
    organisation: Organisation,
    learner_id: int,
    contact_id: UUID,
    source: str,
    why: Why,
    *,
    now: datetime,
) -> None:
    """Link the two, or let the link that stands rest on something else."""
    ContactLink.objects.update_or_create(
        organisation=organisation,
        learner_id=learner_id,
        contact_xero_id=contact_id,
        defaults={"source": source, "evidence": why.value},
        create_defaults={"source": source, "evidence": why.value, "created_at": now},
    )


def unlink(organisation: Organisation, learner_id: int, contact_id: UUID) -> None:
    """End a link, and let the learner's push know nothing of the contact.

    One that was sent already is left: its reply finds that the contact is the learner's no more.
    """
    ContactLink.objects.filter(
        organisation=organisation, learner_id=learner_id, contact_xero_id=contact_id
    ).delete()
    pushes = ContactPush.objects.filter(learner_id=learner_id)
    pushes.filter(contact_xero_id=contact_id, state=PushState.PENDING).update(
        contact_xero_id=None, known_as=None
    )
    # What Xero was told of the learner, it was told of this contact.
    pushes.update(sent_digest=None)


def say(
    organisation: Organisation,
    learner_id: int,
    contact_id: UUID,
    is_same_person: bool | None,
    *,
    by: User,
    now: datetime,
) -> None:
    """Keep what a person says, or forget it where that is None."""
    pair: dict[str, Any] = {
        "organisation": organisation,
        "learner_id": learner_id,
        "contact_xero_id": contact_id,
    }
    if is_same_person is None:
        ContactDecision.objects.filter(**pair).delete()
        return
    ContactDecision.objects.update_or_create(
        **pair,
        defaults={"is_same_person": is_same_person, "by": by, "by_name": str(by), "at": now},
    )
