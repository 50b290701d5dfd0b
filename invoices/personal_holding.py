"""What is kept of a learner from the ledger in Xero: links, contacts, documents, versions.

Given out is what is the learner's alone: of a contact that is linked to another learner, too, such
as a parent's, only that there is one, and nothing that a merge in Xero brought from somebody else.
"""

from typing import Any

from django.db import connection
from django.db.models import QuerySet

from invoices import withheld
from invoices.models import Contact, ContactLink, Document, DocumentMove, DocumentVersion
from lrm.models import Learner
from lrm.personal_data import holdings

_DOCUMENT = (
    *("kind", "xero_id", "number", "reference", "status", "contact_name", "date", "due_date"),
    *("fully_paid_on", "currency", "sub_total", "total_tax", "total", "amount_due"),
    *("amount_paid", "amount_credited", "updated_at", "first_synced_at", "synced_at", "raw"),
)
_CONTACT = ("xero_id", "name", "contact_number", "email", "status", "updated_at", "raw")
_SAID = ("at", "kind", "document_xero_id", "by_name")


def register() -> None:
    """Register it."""
    holdings.register(
        holdings.Holding(
            name="invoices",
            give=_give,
            erase=_erase,
            stays=(
                "Invoices, credits, payments and the contact stay as Xero has them, with the name "
                "and address that stand there: accounting has to keep them, and Xero would send "
                "them again. They belong to no learner here any more. To have the name removed "
                "there, ask Xero for it; what Xero then shows, shows here.",
                "A text in a document that names the learner, such as a line of an employer's "
                "invoice, stays for the same reason.",
                "That a document was the learner's before a merge in Xero took it to somebody "
                "else's contact, by an internal id that leads to nobody any more: so it is shown "
                "to no other learner.",
            ),
        )
    )


def _give(learner: Learner) -> dict[str, Any]:
    documents = _documents(learner)
    return {
        "links": list(
            learner.contact_links.values(
                *("organisation__name", "contact_xero_id", "source", "evidence", "number"),
                "created_at",
            )
        ),
        "link_history": list(
            learner.contact_link_changes.values(
                *("at", "contact_xero_id", "change", "source", "evidence", "why", "by_name")
            )
        ),
        "answers": list(
            learner.contact_decisions.values("at", "contact_xero_id", "is_same_person", "by_name")
        ),
        "covered_documents": list(learner.cover_decisions.values(*_SAID, "is_covered")),
        "cover_history": list(learner.cover_changes.values(*_SAID, "act")),
        "contacts": list(_contacts(learner).values(*_CONTACT)),
        "contacts_shared_with_others": [str(each) for each in _shared_ids(learner)],
        "documents": list(documents.values(*_DOCUMENT)),
        "versions": list(
            DocumentVersion.objects.filter(document__in=documents).values(
                "document__xero_id", "updated_at", "replaced_at", "raw"
            )
        ),
    }


# Those of before it came to the contact that it is on now.
_ERASE_BEFORE = """
    DELETE FROM invoices_documentversion version USING invoices_document document
     WHERE document.id = version.document_id AND document.id = ANY(%s)
       AND version.raw #>> '{Contact,ContactID}' IS DISTINCT FROM document.contact_xero_id::text
"""


def _erase(learner: Learner) -> None:
    """Delete what documents said before; the links go with the learner.

    Of those that merges in Xero took to somebody else's contact, what they said until then.
    """
    DocumentVersion.objects.filter(document__in=_documents(learner)).delete()
    if taken := _taken(learner):
        with connection.cursor() as cursor:
            cursor.execute(_ERASE_BEFORE, [taken])


def _shared_ids(learner: Learner) -> set[Any]:
    own = learner.contact_links.values_list("contact_xero_id", flat=True)
    others = ContactLink.objects.filter(contact_xero_id__in=list(own)).exclude(learner=learner)
    return set(others.values_list("contact_xero_id", flat=True))


def _contacts(learner: Learner) -> QuerySet[Contact]:
    ids = set(learner.contact_links.values_list("contact_xero_id", flat=True))
    return Contact.objects.filter(
        organisation__portal=learner.portal, xero_id__in=ids - _shared_ids(learner)
    )


def _documents(learner: Learner) -> QuerySet[Document]:
    ids = set(learner.contact_links.values_list("contact_xero_id", flat=True))
    own = ids - _shared_ids(learner)
    kept_off: set[int] = set()
    for organisation in learner.portal.organisations.all():
        found = withheld.of_learner(learner, organisation=organisation, contact_ids=list(own))
        kept_off.update(found.document_ids)
    documents = Document.objects.filter(
        organisation__portal=learner.portal, contact_xero_id__in=own
    )
    return documents.exclude(pk__in=kept_off)


def _taken(learner: Learner) -> list[int]:
    """Return the documents that came to other contacts from those that are, or were, its own."""
    moves = DocumentMove.objects.filter(organisation__portal=learner.portal)
    kept = moves.filter(learner_ids__contains=[learner.pk])
    places = set(kept.values_list("from_xero_id", flat=True))
    places.update(learner.contact_links.values_list("contact_xero_id", flat=True))
    others = ContactLink.objects.filter(contact_xero_id__in=places).exclude(learner=learner)
    places -= set(others.values_list("contact_xero_id", flat=True))
    taken = moves.filter(from_xero_id__in=places).order_by("document_id")
    return list(taken.values_list("document_id", flat=True).distinct())
