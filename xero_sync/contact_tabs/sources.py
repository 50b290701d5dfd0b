"""Where the rows of each tab come from, as SQL that goes along an index.

Each names its order, which is the order of an index as well, so that a page is cut by key and the
last of 100,000 rows is as near as the first.
"""

from dataclasses import dataclass

from xero_sync.contact_tabs.tabs import LeftOut, Tab


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The rows of a tab: FROM and WHERE, the columns of the key, and those of the order.

    :param cursor: the columns of the order with their types, as they come back in the address.
    """

    rows: str
    where: str
    cursor: tuple[tuple[str, str], ...]
    learner: str | None = None
    contact: str | None = None
    is_descending: bool = False


_NOT_LINKED = """
    NOT EXISTS (SELECT FROM invoices_contactlink link
                 WHERE link.organisation_id = contact.organisation_id
                   AND link.contact_xero_id = contact.xero_id)
"""
_HAS_DOCUMENTS = """
    EXISTS (SELECT FROM invoices_document document
             WHERE document.organisation_id = contact.organisation_id
               AND document.contact_xero_id = contact.xero_id)
"""
_BY_LEARNER = (("learner.id", "bigint"),)
_BY_CONTACT = (("contact.xero_id", "uuid"),)
# A push keeps what it asks as well: about a contact of the learner's name there is no other row.
_ASKED = """
    (SELECT question.learner_id, question.contact_xero_id
       FROM xero_sync_contactquestion question
      WHERE question.organisation_id = %(organisation)s
      UNION
     SELECT push.learner_id, push.candidate_xero_id
       FROM xero_sync_contactpush push
       JOIN lrm_learner learner ON learner.id = push.learner_id
      WHERE push.state = 'QUESTION' AND push.candidate_xero_id IS NOT NULL
        AND learner.portal_id = %(portal)s AND learner.sync_to_xero) asked
"""

SOURCES: dict[Tab | LeftOut, Source] = {
    Tab.LINKED: Source(
        rows="invoices_contactlink link",
        where="link.organisation_id = %(organisation)s",
        learner="link.learner_id",
        contact="link.contact_xero_id",
        cursor=(("link.id", "bigint"),),
        is_descending=True,
    ),
    Tab.QUESTIONS: Source(
        rows=_ASKED,
        where="TRUE",
        learner="asked.learner_id",
        contact="asked.contact_xero_id",
        cursor=(("asked.learner_id", "bigint"), ("asked.contact_xero_id", "uuid")),
    ),
    Tab.WITHOUT_CONTACT: Source(
        rows="lrm_learner learner",
        where="""
            learner.portal_id = %(portal)s AND learner.sync_to_xero
            AND NOT EXISTS (SELECT FROM invoices_contactlink link
                             WHERE link.organisation_id = %(organisation)s
                               AND link.learner_id = learner.id)
        """,
        learner="learner.id",
        cursor=_BY_LEARNER,
        is_descending=True,
    ),
    Tab.NO_LEARNER: Source(
        rows="invoices_contact contact",
        where=f"""
            contact.organisation_id = %(organisation)s AND {_NOT_LINKED} AND {_HAS_DOCUMENTS}
        """,
        contact="contact.xero_id",
        cursor=_BY_CONTACT,
    ),
    Tab.REFUSED: Source(
        rows="xero_sync_contactpush push JOIN lrm_learner learner ON learner.id = push.learner_id",
        where="""
            push.state = 'PARKED' AND learner.portal_id = %(portal)s AND learner.sync_to_xero
        """,
        learner="learner.id",
        cursor=_BY_LEARNER,
        is_descending=True,
    ),
    LeftOut.LEARNERS: Source(
        rows="lrm_learner learner",
        where="learner.portal_id = %(portal)s AND NOT learner.sync_to_xero",
        learner="learner.id",
        cursor=_BY_LEARNER,
        is_descending=True,
    ),
    LeftOut.SUPPLIERS: Source(
        rows="invoices_contact contact",
        where=f"""
            contact.organisation_id = %(organisation)s AND contact.status = 'ACTIVE'
            AND contact.raw ->> 'IsSupplier' = 'true'
            AND contact.raw ->> 'IsCustomer' IS DISTINCT FROM 'true'
            AND {_NOT_LINKED} AND NOT {_HAS_DOCUMENTS}
        """,
        contact="contact.xero_id",
        cursor=_BY_CONTACT,
    ),
    LeftOut.ARCHIVED: Source(
        rows="invoices_contact contact",
        where=f"""
            contact.organisation_id = %(organisation)s AND contact.status <> 'ACTIVE'
            AND {_NOT_LINKED} AND NOT {_HAS_DOCUMENTS}
        """,
        contact="contact.xero_id",
        cursor=_BY_CONTACT,
    ),
}
