"""Pages of contacts as Xero sends them, and learners saved beside them."""

import itertools
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from connected_apps.models import Organisation
from invoices.models import ReadBy
from lrm.models import Learner, User
from lrm.roster import learners
from xero_sync.api import responses
from xero_sync.resources import Resource
from xero_sync.store import page_store

_instants = itertools.count(1)


def contact(number: str = "L1", name: str = "Mei Kelly", **more: Any) -> dict[str, Any]:
    """Return a contact as Xero sends it, newer than every one before."""
    milliseconds = 1_760_000_000_000 + next(_instants)
    return {
        "ContactID": str(uuid4()),
        "ContactNumber": number,
        "Name": name,
        "ContactStatus": "ACTIVE",
        "UpdatedDateUTC": f"/Date({milliseconds}+0000)/",
        **more,
    }


def store(organisation: Organisation, *elements: dict[str, Any]) -> None:
    """Store a page of contacts."""
    now = datetime.now(UTC)
    page = responses.Page(list(elements), 1, len(elements), 1000, now, None, 0, {})
    with transaction.atomic():
        page_store.store(
            organisation_id=organisation.pk,
            resource=Resource.CONTACT,
            page=page,
            by=ReadBy.SWEEP,
            now=now,
        )


def save(staff: User, learner: Learner | None = None, **details: Any) -> Learner:
    """Save a learner as the form does."""
    given = {"number": "L1", "given_name": "Mei", "family_name": "Kelly", **details}
    assert staff.portal is not None
    return learners.save_learner(
        portal=staff.portal,
        details=learners.LearnerDetails(**given),
        by=staff,
        now=datetime.now(UTC),
        learner=learner,
    )
