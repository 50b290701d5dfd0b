"""Both sides of a pair, as far as the contacts page shows and compares them."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models.fields.json import KeyTextTransform

from connected_apps.models import Organisation
from invoices.models import Contact
from invoices.rules import identity
from lrm.models import Learner
from xero_sync.store import identity_facts


def contacts_of(organisation: Organisation | None, ids: Iterable[UUID]) -> dict[UUID, Contact]:
    """Return contacts by their ids, with their first and last names."""
    wanted = list(ids)
    if organisation is None or not wanted:
        return {}
    rows = Contact.objects.filter(organisation=organisation, xero_id__in=wanted)
    # The names alone of the raw form, which is most of a row's bytes.
    named = rows.defer("raw", "digest").annotate(
        first_name=KeyTextTransform("FirstName", "raw"),
        last_name=KeyTextTransform("LastName", "raw"),
    )
    return {contact.xero_id: contact for contact in named}


def facts_of_learner(learner: Learner) -> identity.LearnerFacts:
    """Return what the rule looks at in a learner."""
    return identity_facts.learner_facts(learner)


def facts_of_contact(contact: Contact) -> identity.ContactFacts:
    """Return what the rule looks at in a contact of `contacts_of`."""
    return identity.ContactFacts(
        number=contact.contact_number,
        name=contact.name,
        first_name=getattr(contact, "first_name", None) or "",
        last_name=getattr(contact, "last_name", None) or "",
        email=contact.email,
        is_active=contact.status == identity_facts.ACTIVE,
        is_erased=contact.status == identity_facts.ERASED,
    )
