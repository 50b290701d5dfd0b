"""Whether a document that came to another contact came there by a merge.

A trigger notes each that does (`invoices.models.DocumentMove`). The page of documents may be stored
before Xero was asked about the contact that they were on; so that contact is asked for at once, and
until it has been read later than the documents they count as merged (`invoices.withheld`).
"""

from datetime import datetime

from connected_apps.models import Organisation
from invoices.models import Contact, DocumentMove
from xero_sync.api import responses
from xero_sync.store import contact_merges, identity_facts


def ask(*, organisation_id: int, now: datetime) -> None:
    """Have the contacts fetched that documents were just taken from; the caller stored these."""
    unsettled = DocumentMove.objects.filter(organisation_id=organisation_id, is_merge=None)
    if contact_ids := set(unsettled.values_list("from_xero_id", flat=True)):
        organisation = Organisation.objects.get(pk=organisation_id)
        why = "A document was taken from it"
        contact_merges.ask_for(organisation, contact_ids, why=why, now=now)


def settle(*, organisation_id: int, page: responses.Page) -> None:
    """Note what the contacts of a page, which are stored by now, say of documents taken from them.

    A page that was asked for before the documents were says nothing. What was no merge is
    forgotten.
    """
    unsettled = DocumentMove.objects.filter(organisation_id=organisation_id, is_merge=None)
    wanted = {str(each) for each in unsettled.values_list("from_xero_id", flat=True)}
    if not wanted:
        return
    elements = (each for each in page.elements if isinstance(each, dict))
    read = wanted & {str(each.get("ContactID")).lower() for each in elements}
    settled = unsettled.filter(from_xero_id__in=read, read_at__lte=page.sent_at)
    merged = Contact.objects.filter(
        organisation_id=organisation_id, xero_id__in=read, merged_to_xero_id__isnull=False
    ).exclude(status=identity_facts.ACTIVE)
    settled.filter(from_xero_id__in=merged.values("xero_id")).update(is_merge=True)
    settled.delete()
