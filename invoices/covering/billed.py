"""What a learner's page says of documents billed to others, and the version of that.

They are no part of the learner's balance or total. A document whose contact is the learner is in
the learner's own table, and is not told twice; one whose contact belongs to a learner of another
portal on the same organisation in Xero does not show, whatever was said of it before.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from connected_apps.models import Organisation
from invoices import queries
from invoices.covering import covers, suggestions
from invoices.covering.suggestions import Suggestion
from invoices.listing import document_rows
from lrm.models import Learner

# Of each sort; who has more of them reads the rest on the payers' pages.
MOST_SHOWN = 100
MOST_SUGGESTED = 10


@dataclass(frozen=True, slots=True)
class BilledRow:
    """A document billed to somebody else, as a row, with who said so. `payer_id` is our id."""

    shown: document_rows.ShownRow
    said: covers.Said
    payer_id: int | None


@dataclass(frozen=True, slots=True)
class Offered:
    """A suggestion as the page shows it."""

    suggestion: Suggestion
    payer_id: int | None


@dataclass(frozen=True, slots=True)
class Billed:
    """What covers the learner, what may, and what does not."""

    covering: tuple[BilledRow, ...] = ()
    offered: tuple[Offered, ...] = ()
    rejected: tuple[BilledRow, ...] = ()
    covering_count: int = 0
    offered_count: int = 0

    def __bool__(self) -> bool:
        """Return whether there is anything to say."""
        return bool(self.covering or self.offered or self.rejected)


def billed_to_others(
    *,
    learner: Learner,
    organisation: Organisation,
    contact_ids: Sequence[UUID],
    today: date,
    seen_through: datetime | None = None,
) -> Billed:
    """Return what is billed to others than the learner, whose contacts `contact_ids` are."""
    said = covers.said_of_learner(learner=learner, organisation=organisation)
    payers_of_all = {one.document.contact_xero_id for one in said}
    hidden = queries.contacts_of_other_portals(payers_of_all, organisation=organisation)
    hidden.update(contact_ids)
    said = [one for one in said if one.document.contact_xero_id not in hidden]
    offered = suggestions.for_learner(learner=learner, organisation=organisation)
    covering = [one for one in said if one.is_covered]
    rejected = [one for one in said if not one.is_covered]
    shown = (*covering[:MOST_SHOWN], *rejected[:MOST_SHOWN])
    documents_shown = [one.document for one in shown]
    documents_shown += [one.document for one in offered[:MOST_SUGGESTED]]
    payers = queries.payer_ids(
        [document.contact_xero_id for document in documents_shown], organisation=organisation
    )

    def rows(group: Sequence[covers.Said]) -> tuple[BilledRow, ...]:
        documents = document_rows.applied_rows_of(
            [one.document for one in group],
            organisation=organisation,
            today=today,
            seen_through=seen_through,
        )
        return tuple(
            BilledRow(document, one, payers.get(one.document.contact_xero_id))
            for document, one in zip(documents, group, strict=True)
        )

    return Billed(
        covering=rows(covering[:MOST_SHOWN]),
        offered=tuple(
            Offered(one, payers.get(one.document.contact_xero_id))
            for one in offered[:MOST_SUGGESTED]
        ),
        rejected=rows(rejected[:MOST_SHOWN]),
        covering_count=len(covering),
        offered_count=len(offered),
    )


def version_of(*, learner: Learner, organisation: Organisation) -> queries.Version:
    """Return a mark that differs whenever what is billed to others does; one query.

    It moves with every such document and its contact that is stored again, with the payer's name
    and with what people say; and where a document begins or ends to name the learner, or its
    contact is linked.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _VERSION,
            {
                "learner": learner.pk,
                "number": learner.number,
                "organisation": organisation.pk,
                "tenant": organisation.tenant_id,
                "most": suggestions.MOST_FOUND,
            },
        )
        *marks, latest = cursor.fetchone()
    return queries.Version("-".join(map(str, marks)), latest)


_VERSION = """
    WITH tenants AS (
        SELECT id FROM connected_apps_organisation WHERE tenant_id = %(tenant)s
    ), about AS (
        SELECT document.id, document.synced_at, document.contact_name, document.contact_xero_id,
               decision.at, decision.is_covered
          FROM invoices_coverdecision decision
          JOIN invoices_document document
            ON document.organisation_id = decision.organisation_id
           AND document.kind = decision.kind AND document.xero_id = decision.document_xero_id
         WHERE decision.learner_id = %(learner)s AND decision.organisation_id = %(organisation)s
         UNION ALL
       (SELECT document.id, document.synced_at, document.contact_name, document.contact_xero_id,
               NULL, NULL
          FROM invoices_namednumber named
          JOIN invoices_document document ON document.id = named.document_id
         WHERE named.organisation_id = %(organisation)s AND named.number = %(number)s
         ORDER BY named.document_id DESC LIMIT %(most)s)
    )
    SELECT count(*), count(*) FILTER (WHERE is_covered), coalesce(sum(id), 0),
           coalesce(sum(extract(epoch FROM synced_at)), 0),
           coalesce(sum(extract(epoch FROM at)), 0), coalesce(sum(hashtext(contact_name)), 0),
           coalesce(sum((
               SELECT sum(link.id) FROM invoices_contactlink link
                WHERE link.contact_xero_id = about.contact_xero_id
                  AND link.organisation_id IN (SELECT id FROM tenants))), 0),
           coalesce(sum((
               SELECT extract(epoch FROM contact.synced_at) FROM invoices_contact contact
                WHERE contact.organisation_id = %(organisation)s
                  AND contact.xero_id = about.contact_xero_id)), 0),
           max(synced_at) FILTER (WHERE is_covered)
      FROM about
"""
