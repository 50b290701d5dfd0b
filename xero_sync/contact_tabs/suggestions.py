"""Pairs that nobody linked, but that look alike: same name, or same e-mail address.

Found by the words that the search has of both sides, for a page of rows at a time, and then held
against the rule of identity. A suggestion links nobody: a person accepts it, or rejects it, which
is remembered.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from connected_apps.models import Organisation
from invoices import queries
from invoices.models import ContactDecision
from invoices.rules import identity
from lrm.models import Learner
from lrm.roster import search
from xero_sync.contact_tabs import reasons, seen_marks, sides
from xero_sync.contact_tabs.listings import CONTACT_WORDS
from xero_sync.contact_tabs.tabs import Key

MOST_EACH = 3
# Whoever has these words somewhere else is looked at, and dropped.
_MOST_LOOKED_AT = 20

# Who matches is found first, and then cut: with a limit beside it, the planner would rather read
# the table than the index.
_LEARNERS = """
    SELECT wanted.id, learner.id, learner.number, learner.given_name, learner.family_name,
           learner.email
      FROM unnest(%(ids)s::text[], %(names)s::text[], %(emails)s::text[])
           AS wanted (id, name, email)
      JOIN LATERAL (
           (WITH namesake AS MATERIALIZED (
                   SELECT * FROM lrm_learner
                    WHERE portal_id = %(owner)s AND words @@ to_tsquery('simple', wanted.name))
            SELECT id, number, given_name, family_name, email FROM namesake LIMIT %(most)s)
            UNION
           (SELECT id, number, given_name, family_name, email FROM lrm_learner
             WHERE portal_id = %(owner)s AND email <> '' AND lower(email) = wanted.email
             LIMIT %(most)s)) learner ON TRUE
"""
# Step by step: a table that was just filled has no statistics yet, and the planner then begins at
# its contacts and looks for every name once for each of them. The words are made of them once.
_CONTACTS = f"""
    WITH wanted AS MATERIALIZED (
        SELECT id, to_tsquery('simple', name) AS words, email
          FROM unnest(%(ids)s::text[], %(names)s::text[], %(emails)s::text[])
               AS given (id, name, email)),
    namesake AS MATERIALIZED (
        SELECT id, {CONTACT_WORDS} AS words FROM invoices_contact
         WHERE organisation_id = %(owner)s
           AND {CONTACT_WORDS} @@ to_tsquery('simple', %(any_name)s)),
    found AS MATERIALIZED (
        SELECT wanted.id AS wanted_id, alike.id
          FROM wanted
          JOIN LATERAL (
               (SELECT id FROM namesake WHERE namesake.words @@ wanted.words LIMIT %(most)s)
                UNION
               (SELECT id FROM invoices_contact
                 WHERE organisation_id = %(owner)s AND email <> '' AND lower(email) = wanted.email
                 LIMIT %(most)s)) alike ON TRUE)
    SELECT found.wanted_id, contact.xero_id, contact.contact_number, contact.name,
           COALESCE(contact.raw ->> 'FirstName', ''), COALESCE(contact.raw ->> 'LastName', ''),
           contact.email
      FROM found
      JOIN invoices_contact contact ON contact.id = found.id
     WHERE contact.status = 'ACTIVE'
       AND NOT EXISTS (SELECT FROM invoices_contactlink link
                        WHERE link.organisation_id = contact.organisation_id
                          AND link.contact_xero_id = contact.xero_id)
"""  # noqa: S608 - the expression is a constant


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A learner and a contact that look alike, and in what."""

    key: Key
    learner: identity.LearnerFacts
    contact: identity.ContactFacts
    reason: str

    @property
    def about(self) -> str:
        """A mark of what the page shows of it, and that accepting it is good for."""
        return seen_marks.of_pair(self.learner, self.contact)


def of_row(organisation: Organisation, row: Key) -> list[Suggestion]:
    """Return what is suggested for a learner or for a contact, as the two are at this moment."""
    if row.learner_id is not None:
        learners = Learner.objects.filter(portal_id=organisation.portal_id, pk=row.learner_id)
        of_learners = {each.pk: sides.facts_of_learner(each) for each in learners}
        return for_learners(organisation, of_learners).get(row.learner_id, [])
    contacts = sides.contacts_of(organisation, [row.contact_id] if row.contact_id else [])
    of_contacts = {each: sides.facts_of_contact(contact) for each, contact in contacts.items()}
    return [one for found in for_contacts(organisation, of_contacts).values() for one in found]


def for_contacts(
    organisation: Organisation, contacts: Mapping[UUID, identity.ContactFacts]
) -> dict[UUID, list[Suggestion]]:
    """Return the learners that these contacts may be, some each, best first."""
    queries = [
        (str(xero_id), name, facts.email)
        for xero_id, facts in contacts.items()
        for name in {facts.name, f"{facts.first_name} {facts.last_name}"}
    ]
    found: dict[Key, Suggestion] = {}
    for contact_id, learner_id, number, given, family, email in _select(
        _LEARNERS, queries, organisation.portal_id
    ):
        learner = identity.LearnerFacts(
            number=number, given_name=given, family_name=family, email=email
        )
        key = Key(learner_id, UUID(contact_id))
        _consider(found, key, learner, contacts[UUID(contact_id)])
    return _best(_kept(organisation, found), lambda key: key.contact_id)


def for_learners(
    organisation: Organisation, learners: Mapping[int, identity.LearnerFacts]
) -> dict[int, list[Suggestion]]:
    """Return the contacts of nobody that these learners may be, some each, best first."""
    queries = [
        (str(learner_id), f"{facts.given_name} {facts.family_name}", facts.email)
        for learner_id, facts in learners.items()
    ]
    found: dict[Key, Suggestion] = {}
    for learner_id, contact_id, number, name, first, last, email in _select(
        _CONTACTS, queries, organisation.pk
    ):
        contact = identity.ContactFacts(
            number=number, name=name, first_name=first, last_name=last, email=email
        )
        key = Key(int(learner_id), contact_id)
        _consider(found, key, learners[int(learner_id)], contact)
    return _best(_kept(organisation, found), lambda key: key.learner_id)


def _select(statement: str, queries: list[tuple[str, str, str]], owner_id: int) -> list[Any]:
    """Return who may match: whoever has all words of a name, or the e-mail address."""
    if not queries:
        return []
    # The empty query matches nobody.
    names = [search.raw_query(name, whole_words=True) or "" for _, name, _ in queries]
    params: dict[str, Any] = {
        "ids": [each for each, _, _ in queries],
        "names": names,
        "any_name": " | ".join(sorted({f"({name})" for name in names if name})),
        "emails": [identity.address_of(email) for _, _, email in queries],
        "owner": owner_id,
        "most": _MOST_LOOKED_AT,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        return list(cursor.fetchall())


def _consider(
    found: dict[Key, Suggestion],
    key: Key,
    learner: identity.LearnerFacts,
    contact: identity.ContactFacts,
) -> None:
    if reason := reasons.of_suggestion(learner, contact):
        found[key] = Suggestion(key, learner, contact, reason)


def _kept(organisation: Organisation, found: dict[Key, Suggestion]) -> list[Suggestion]:
    """Leave out what a person has rejected, and contacts that are another portal's learners."""
    said = ContactDecision.objects.filter(
        organisation=organisation,
        learner_id__in={key.learner_id for key in found},
        is_same_person=False,
    ).values_list("learner_id", "contact_xero_id")
    rejected = {Key(*ids) for ids in said} if found else set()
    theirs = queries.contacts_of_other_portals(
        [key.contact_id for key in found], organisation=organisation
    )
    return [
        each for key, each in found.items() if key not in rejected and key.contact_id not in theirs
    ]


def _best(found: list[Suggestion], whose: Any) -> dict[Any, list[Suggestion]]:
    grouped: dict[Any, list[Suggestion]] = defaultdict(list)
    for each in sorted(found, key=_worth):
        if len(grouped[whose(each.key)]) < MOST_EACH:
            grouped[whose(each.key)].append(each)
    return dict(grouped)


def _worth(suggestion: Suggestion) -> tuple[int, str]:
    pair = identity.Pair(suggestion.learner, suggestion.contact)
    return -2 * pair.emails_agree - pair.names_agree, str(suggestion.key)
