"""Telling programs which documents a page changed, in the transaction that stores it.

A page on which nothing is new or changed asks nothing, and one of a portal without an endpoint
looks once into an empty index. Elsewhere it is a few reads and one INSERT, however long it is.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection
from django.urls import reverse

from connected_apps.models import Organisation
from invoices import queries
from invoices.models import Document
from lrm.hooks import event_types, outbox
from xero_sync import resources
from xero_sync.resources import Resource

_IS_HEARD = f"""
    SELECT EXISTS (SELECT FROM lrm_hookendpoint endpoint
      JOIN connected_apps_organisation organisation USING (portal_id)
     WHERE organisation.id = %s AND endpoint.is_on AND {outbox.WANTS})
"""  # noqa: S608 - of the outbox's own text


def note(
    *, organisation_id: int, resource: Resource, touched_ids: Sequence[str], now: datetime
) -> None:
    """Write down that documents are new or have changed, where anybody listens.

    :param touched_ids: Xero's ids of them.
    """
    if not touched_ids or not _is_heard(organisation_id):
        return
    organisation = Organisation.objects.get(pk=organisation_id)
    documents = Document.objects.filter(
        organisation_id=organisation_id,
        kind=resources.of(resource).kind,
        xero_id__in=touched_ids,
    ).only("pk", "kind", "number", "contact_xero_id")
    found = list(documents.order_by("pk"))
    outbox.note(
        portal_id=organisation.portal_id,
        type=event_types.DOCUMENT_CHANGED,
        things=_things(organisation, found),
        now=now,
    )


def _is_heard(organisation_id: int) -> bool:
    """Return whether any endpoint listens; as SQL, since nearly every page of all asks it."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_HEARD, [organisation_id, event_types.DOCUMENT_CHANGED])
        return bool(cursor.fetchone()[0])


def _things(organisation: Organisation, documents: Sequence[Document]) -> list[outbox.Thing]:
    named = queries.learners_by_document(
        organisation=organisation, contacts={one.pk: one.contact_xero_id for one in documents}
    )
    things = []
    for document in documents:
        own, is_withheld = named.get(document.pk, queries.OfDocument())
        # A contact that pays for several learners is none of them; and what a merge in Xero took
        # from another learner is nobody's before a person has answered.
        if len(own) != 1 or is_withheld:
            own = ()
        things.append(
            outbox.Thing(
                id=document.pk,
                kind=document.kind,
                path=reverse("api_document", args=[document.pk]),
                number=document.number or None,
                learner_id=own[0].id if own else None,
            )
        )
    return things
