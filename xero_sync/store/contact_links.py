"""Pairing learners with contacts by number, in bulk, whenever either side arrives.

A contact whose ContactNumber equals a learner number is that learner: the number is written only
by software, never by hand in Xero. Names and e-mail addresses pair nobody.
"""

from datetime import datetime

from django.db import connection

from connected_apps.models import Organisation
from invoices.models import LinkSource
from lrm.models import Learner


def link_by_number(*, organisation_id: int, contact_ids: list[str], now: datetime) -> int:
    """Link the named contacts to the learners with their number; return how many links are new.

    A learner that has a link in this organisation keeps it. Where two active contacts share one
    number (Xero does not prevent it), both show: their documents are the learner's either way.
    """
    if not contact_ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO invoices_contactlink
                   (learner_id, organisation_id, contact_xero_id, source, created_at)
            SELECT learner.id, contact.organisation_id, contact.xero_id, %s, %s
              FROM invoices_contact contact
              JOIN connected_apps_organisation organisation
                ON organisation.id = contact.organisation_id
              JOIN lrm_learner learner
                ON learner.portal_id = organisation.portal_id
               AND learner.number = contact.contact_number
             WHERE contact.organisation_id = %s AND contact.xero_id = ANY(%s::uuid[])
               AND contact.contact_number <> ''
            ON CONFLICT DO NOTHING
            """,
            [LinkSource.NUMBER, now, organisation_id, contact_ids],
        )
        return int(cursor.rowcount)


def link_learner(*, learner: Learner, organisation: Organisation, now: datetime) -> None:
    """Link a learner to contacts that carry its number already."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO invoices_contactlink
                   (learner_id, organisation_id, contact_xero_id, source, created_at)
            SELECT %s, organisation_id, xero_id, %s, %s FROM invoices_contact
             WHERE organisation_id = %s AND contact_number = %s
            ON CONFLICT DO NOTHING
            """,
            [learner.pk, LinkSource.NUMBER, now, organisation.pk, learner.number],
        )
