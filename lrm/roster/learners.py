"""Saving learners: one transaction that tidies, writes, audits and tells.

Whoever listens to `lrm.signals.learner_saved` writes in the same transaction, so that a learner
and what must follow from it (such as a contact to push) commit together or not at all. Many
learners are saved by `lrm.roster.learner_batches`.
"""

import dataclasses
from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from lrm import signals
from lrm.models import Learner, LearnerChange, Portal, User
from lrm.personal_data import tombstones


class LearnerNumberTaken(Exception):
    """A learner with this number already exists."""


class LearnerNumberErased(LearnerNumberTaken):
    """A learner with this number was erased: a contact in Xero may bear it still."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class LearnerDetails:
    """Everything a person may type about a learner, under the model's own field names."""

    number: str
    family_name: str
    given_name: str = ""
    email: str = ""
    phone: str = ""
    mobile: str = ""
    address_line: str = ""
    city: str = ""
    region: str = ""
    postal_code: str = ""
    country: str = "Australia"
    sync_to_xero: bool = False


DETAIL_FIELDS = tuple(field.name for field in dataclasses.fields(LearnerDetails))


def squash(text: str) -> str:
    """Return the text without spaces around it and with single ones inside.

    Xero trims names itself; a space kept here would make the two sides differ for ever.
    """
    return " ".join(text.split())


def save_learner(
    *,
    portal: Portal,
    details: LearnerDetails,
    by: User,
    now: datetime,
    learner: Learner | None = None,
) -> Learner:
    """Create a learner, or change `learner`, and return it as stored.

    :raises LearnerNumberTaken: when another learner of the portal has the number, or had it and
        was erased.
    """
    try:
        with transaction.atomic():
            return _save(portal=portal, details=details, by=by, now=now, learner=learner)
    except IntegrityError as error:
        if "learner_number_unique_in_portal" not in str(error):
            raise
        raise LearnerNumberTaken from error


def _save(
    *, portal: Portal, details: LearnerDetails, by: User, now: datetime, learner: Learner | None
) -> Learner:
    signals.learner_saving.send(Learner, portal=portal)
    created = learner is None
    if learner is None:
        stored = Learner(portal=portal, created_at=now)
    else:
        # Read again under a lock: two people saving at once must each audit what they changed.
        stored = portal.learners.select_for_update(of=("self",)).get(id=learner.id)
    email_before = stored.email
    changed = apply(stored, dataclasses.asdict(details))
    if not created and not changed:
        return stored
    if "number" in changed and tombstones.erased_among(portal, [stored.number]):
        raise LearnerNumberErased
    stored.updated_at = now
    stored.save()
    LearnerChange.objects.create(
        learner=stored, by=by, at=now, created=created, fields=[] if created else changed
    )
    signals.learner_saved.send(
        Learner, learner=stored, created=created, email_before=email_before, by=by
    )
    return stored


def apply(learner: Learner, values: Mapping[str, str | bool]) -> list[str]:
    """Put values, tidied, on the learner and return the names of the fields that differ now."""
    changed = []
    for name, value in values.items():
        tidy = squash(value) if isinstance(value, str) else value
        if getattr(learner, name) != tidy:
            setattr(learner, name, tidy)
            changed.append(name)
    return changed


def default_tick(portal: Portal) -> bool:
    """Return whether a new learner is synced to Xero where nobody says so."""
    return portal.new_learners_sync
