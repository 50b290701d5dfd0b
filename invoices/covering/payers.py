"""Which contacts may pay for a learner without being one.

Where a contact may be the learner, that is a question of identity (`invoices.rules.identity`), and
shows nothing before it is answered: no document of such a contact may reach a learner's page as
somebody else's. So a contact is a payer only where it is nobody's in any portal on the organisation
in Xero, and has no learner's number; and never for a learner whose name it has. An equal e-mail
address does not matter: parents pay, too.
"""

from collections.abc import Iterable
from uuid import UUID

from connected_apps.models import Organisation
from invoices.covering import named_numbers
from invoices.models import Contact
from invoices.rules import identity
from lrm.models import Learner

Payers = dict[UUID, identity.ContactFacts]


def payers_among(contact_ids: Iterable[UUID | None], *, organisation: Organisation) -> Payers:
    """Return those of the contacts that may pay for learners; three queries.

    A contact that is not stored yet is not known to be one.
    """
    wanted = {each for each in contact_ids if each}
    if not wanted:
        return {}
    linked = named_numbers.linked_contacts(wanted, organisation=organisation)
    contacts = Contact.objects.filter(organisation=organisation, xero_id__in=wanted - linked)
    columns = "xero_id", "contact_number", "name", "raw__FirstName", "raw__LastName"
    found = {
        xero_id: identity.ContactFacts(
            number=number.strip(), name=name, first_name=first or "", last_name=last or ""
        )
        for xero_id, number, name, first, last in contacts.values_list(*columns)
    }
    numbers = {facts.number for facts in found.values()} - {""}
    taken = set(
        Learner.objects.filter(portal_id=organisation.portal_id, number__in=numbers).values_list(
            "number", flat=True
        )
    )
    return {xero_id: facts for xero_id, facts in found.items() if facts.number not in taken}


def may_pay_for(facts: identity.ContactFacts, learner: Learner) -> bool:
    """Return whether a payer may be somebody else than this learner."""
    ours = identity.LearnerFacts(
        number=learner.number, given_name=learner.given_name, family_name=learner.family_name
    )
    return not identity.names_agree(ours, facts)
