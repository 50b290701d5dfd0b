"""Whose links hang on an e-mail address that was stored, typed or given up.

An address alone links a learner and a contact only while nobody else has it. So whoever shares one
is looked at anew where another comes to have it, or has it no longer.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Count, Min
from django.db.models.functions import Lower

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLink, LinkSource
from invoices.rules import identity
from lrm.models import Learner

# How many links that nobody looked at yet are taken along with a page.
_MOST_UNEXAMINED = 1000


def watched(organisation_id: int, contact_ids: Sequence[str | UUID]) -> list[UUID]:
    """Return further contacts whose links hang on what was stored.

    Those to which an e-mail address alone links a learner, where one of these has it too; and,
    some at a time, those that the release before linked by number alone.
    """
    watched = ContactLink.objects.filter(
        organisation_id=organisation_id,
        source=LinkSource.NUMBER,
        evidence__in=("", identity.Why.EMAIL.value),
    ).values_list("contact_xero_id", "evidence")
    unexamined = [contact_id for contact_id, evidence in watched if not evidence]
    by_email = [contact_id for contact_id, evidence in watched if evidence]
    if not by_email:
        return unexamined[:_MOST_UNEXAMINED]
    stored = set(_emails(organisation_id, contact_ids).values()) - {""}
    sharing = [
        each for each, email in _emails(organisation_id, by_email).items() if email in stored
    ]
    return [*unexamined[:_MOST_UNEXAMINED], *sharing]


def _emails(organisation_id: int, contact_ids: Sequence[str | UUID]) -> dict[UUID, str]:
    contacts = Contact.objects.filter(organisation_id=organisation_id, xero_id__in=contact_ids)
    return {each: email.lower() for each, email in contacts.values_list("xero_id", "email")}


def sharing(organisation: Organisation, moved: Sequence[tuple[Learner, str]]) -> list[int]:
    """Return the learners whom an e-mail address alone may link from now on, or no longer."""
    learners = Learner.objects.filter(portal_id=organisation.portal_id).order_by()
    by_address = learners.annotate(address=Lower("email"))
    losing = by_address.filter(
        address__in={learner.email.lower() for learner, _ in moved},
        contact_links__organisation=organisation,
        contact_links__source=LinkSource.NUMBER,
        contact_links__evidence=identity.Why.EMAIL.value,
    )
    # Where more than one is left, the address goes on to say nothing.
    given_up = {before.lower() for _, before in moved} - {""}
    left = by_address.filter(address__in=given_up).values("address")
    gaining = left.annotate(count=Count("id"), only=Min("id")).filter(count=1)
    return [*losing.values_list("id", flat=True), *gaining.values_list("only", flat=True)]
