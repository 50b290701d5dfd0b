"""Whose links hang on an e-mail address that was stored, typed or given up.

An address alone links a learner and a contact only while nobody else has it. So whoever shares one
is looked at anew where another comes to have it, or has it no longer.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Count, Min
from django.db.models.functions import Lower

from connected_apps.models import Organisation
from invoices.models import Contact, ContactLink, LinkSource
from invoices.rules import identity
from lrm.models import Learner
from xero_sync.models import ContactQuestion

# How many links that nobody looked at yet are taken along with a page.
_MOST_UNEXAMINED = 1000
# How many questions about an address; what it was before is not known, so all are looked at.
_MOST_ASKED = 1000


def watched(organisation_id: int, contact_ids: Sequence[str | UUID]) -> list[UUID]:
    """Return further contacts whose links hang on what was stored.

    Those to which an e-mail address alone links a learner, where one of these has it too; those
    that are asked about because somebody else has the address, since one of these may have had it
    and has it no longer; and, some at a time, those that the release before linked by number alone.
    """
    linked = ContactLink.objects.filter(
        organisation_id=organisation_id,
        source=LinkSource.NUMBER,
        evidence__in=("", identity.Why.EMAIL.value),
    ).values_list("contact_xero_id", "evidence")
    asked = ContactQuestion.objects.filter(
        organisation_id=organisation_id, why=identity.Why.SHARED_EMAIL.value
    ).values_list("contact_xero_id", "why")
    watched: dict[str, list[UUID]] = defaultdict(list)
    for contact_id, why in linked.union(asked):
        watched[why].append(contact_id)
    further = [
        *watched[""][:_MOST_UNEXAMINED],
        *watched[identity.Why.SHARED_EMAIL.value][:_MOST_ASKED],
    ]
    if by_email := watched[identity.Why.EMAIL.value]:
        stored = set(_emails(organisation_id, contact_ids).values()) - {""}
        emails = _emails(organisation_id, by_email)
        further += [each for each, email in emails.items() if email in stored]
    return list(dict.fromkeys(further))


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
    gaining = left_alone(organisation, (before for _, before in moved))
    return [*losing.values_list("id", flat=True), *gaining]


def left_alone(organisation: Organisation, given_up: Iterable[str]) -> list[int]:
    """Return the learners who alone have an address that another gave up.

    Where more than one is left, it goes on to say nothing.
    """
    addresses = {address.lower() for address in given_up} - {""}
    learners = Learner.objects.filter(portal_id=organisation.portal_id).order_by()
    left = learners.annotate(address=Lower("email")).filter(address__in=addresses)
    alone = left.values("address").annotate(count=Count("id"), only=Min("id")).filter(count=1)
    return list(alone.values_list("only", flat=True))
