"""Who has the name that Xero refused: the contact that a learner may be already.

Accounts make contacts by hand, and Xero's own pages cannot set a contact's number; so a contact
without our number, but with the learner's name, may well be the learner. Xero is asked, because it
knows best; what it has is mirrored, so that a person can be shown whom the question is about.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import quote_plus

from django.db import transaction
from django.db.models.functions import Upper

from connected_apps.models import Organisation
from invoices import identity
from invoices.models import Contact
from xero_sync.api import client, responses, sessions
from xero_sync.jobs import leases
from xero_sync.models import ContactPush
from xero_sync.resources import Resource
from xero_sync.store import identity_facts, identity_verdicts, page_store


def find(
    session: sessions.Session,
    organisation: Organisation,
    names: dict[int, str],
    clock: leases.Clock,
) -> dict[int, Contact]:
    """Return {learner id: the active contact that has the name}, as far as there is one.

    :param names: {learner id: the name that Xero refused}.
    """
    active = Contact.objects.filter(organisation=organisation, status=identity_facts.ACTIVE)
    asked, unasked = _conditions(names.values())
    contacts: list[Contact] = []
    for where in asked:
        page = session.list_page(Resource.CONTACT, page=1, where=where)
        _mirror(organisation, page, clock)
        contacts += active.filter(xero_id__in=[one["ContactID"] for one in page.elements])
    if unasked:
        capitals = active.alias(capitals=Upper("name"))
        contacts += capitals.filter(capitals__in=[name.upper() for name in unasked])
    wanted = {learner_id: identity.words_of_name(name) for learner_id, name in names.items()}
    return {
        learner_id: contact
        for contact in contacts
        for learner_id, words in wanted.items()
        if words == identity.words_of_name(contact.name)
    }


def verdicts(
    organisation: Organisation, batch: Sequence[ContactPush], holders: dict[int, Contact]
) -> dict[int, identity.Verdict]:
    """Return what the rule says of learners and the contacts that have their names."""
    rows = [
        identity_facts.Row(
            push.learner_id,
            holders[push.learner_id].xero_id,
            identity_facts.learner_facts(push.learner),
            identity_facts.contact_facts(holders[push.learner_id]),
        )
        for push in batch
        if push.learner_id in holders
    ]
    found = identity_verdicts.candidates(organisation, rows, name_is_refused=True)
    return {each.learner_id: each.verdict for each in found}


def _mirror(organisation: Organisation, page: responses.Page, clock: leases.Clock) -> None:
    with transaction.atomic():
        page_store.store(
            organisation_id=organisation.pk, resource=Resource.CONTACT, page=page, now=clock()
        )


def _conditions(names: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return filters in Xero's language that fit one call each, and the names it cannot be asked.

    Its language doubles a quote inside a string and knows no backslash.
    """
    asked: list[str] = []
    unasked: list[str] = []
    for name in dict.fromkeys(names):
        condition = 'Name=="{}"'.format(name.replace('"', '""'))
        longer = f"{asked[-1]} OR {condition}" if asked else condition
        if "\\" in name or not _fits(condition):
            unasked.append(name)
        elif asked and _fits(longer):
            asked[-1] = longer
        else:
            asked.append(condition)
    return asked, unasked


def _fits(where: str) -> bool:
    return len(quote_plus(where)) <= client.ADDRESS_CHARACTERS
