"""Who has the name that Xero refused: the contact that a learner may be already.

Accounts make contacts by hand, and Xero's own pages cannot set a contact's number; so a contact
without our number, but with the learner's name, may well be the learner. Xero is asked, because it
knows best; what it has is mirrored, so that a person can be shown whom the question is about.
"""

from collections.abc import Iterable, Sequence
from urllib.parse import quote_plus

from django.db.models.functions import Upper

from connected_apps.models import Organisation
from invoices.models import Contact
from invoices.rules import identity, person_names
from xero_sync.api import client, responses, sessions
from xero_sync.contacts import narrowing
from xero_sync.models import ContactPush
from xero_sync.resources import Resource
from xero_sync.store import identity_facts, identity_verdicts


def ask(
    session: sessions.Session, names: Iterable[str]
) -> tuple[list[responses.Page], dict[str, str]]:
    """Return the contacts that have one of these names, to be mirrored, and {name: Xero's words}.

    The latter are those that Xero could not read.
    """
    found: list[responses.Page] = []
    unread: dict[str, str] = {}
    for some in _batches(names):
        pages, faults = narrowing.ask(
            some, lambda some: session.list_page(Resource.CONTACT, page=1, where=_where(some))
        )
        found += pages
        unread |= faults
    return found, unread


def among(
    organisation: Organisation, names: dict[int, str], pages: Sequence[responses.Page]
) -> dict[int, Contact]:
    """Return {learner id: the active contact that has the name}, as far as there is one.

    :param names: {learner id: the name that Xero refused}.
    :param pages: what Xero was asked for, mirrored by now.
    """
    active = Contact.objects.filter(organisation=organisation, status=identity_facts.ACTIVE)
    shown = [one["ContactID"] for page in pages for one in page.elements]
    capitals = {name.upper() for name in names.values() if not _is_askable(name)}
    contacts = [*active.filter(xero_id__in=shown)]
    if capitals:
        contacts += active.alias(capitals=Upper("name")).filter(capitals__in=capitals)
    wanted = {learner_id: person_names.words_of_name(name) for learner_id, name in names.items()}
    return {
        learner_id: contact
        for contact in contacts
        for learner_id, words in wanted.items()
        if words == person_names.words_of_name(contact.name)
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


def _batches(names: Iterable[str]) -> list[list[str]]:
    """Return the names that Xero can be asked for, in lists that fit one call."""
    found: list[list[str]] = []
    for name in filter(_is_askable, dict.fromkeys(names)):
        if found and _fits([*found[-1], name]):
            found[-1].append(name)
        else:
            found.append([name])
    return found


def _is_askable(name: str) -> bool:
    """Return whether Xero's filters can hold a name: they know no backslash."""
    return "\\" not in name and _fits([name])


def _fits(names: Sequence[str]) -> bool:
    return len(quote_plus(_where(names))) <= client.ADDRESS_CHARACTERS


def _where(names: Sequence[str]) -> str:
    """Return the filter for these names in Xero's language, which doubles a quote inside one."""
    return " OR ".join('Name=="{}"'.format(name.replace('"', '""')) for name in names)
