"""Documents: listed, and one with its lines, payments and what was applied."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from connected_apps import book_days
from connected_apps import queries as connections
from invoices import queries
from invoices.models import Document, Kind
from invoices.rest import document_json
from lrm import permissions, snapshots
from lrm.models import Portal
from lrm.rest import cursors, schema
from lrm.rest.fields import UpdatedQuery
from lrm.rest.views import ApiView, Rights

TAG = "Documents"
# The columns of one index, in its order; neither ever changes.
ORDER = cursors.Order("documents", (("kind", Kind), ("xero_id", cursors.uuid)))


def parts_from(text: str) -> tuple[str, ...]:
    """Return the parts that an address asks for.

    :raises ValidationError: it names one that there is not.
    """
    parts = tuple(filter(None, text.split(",")))
    if set(parts) - set(document_json.PARTS):
        known = ", ".join(document_json.PARTS)
        raise serializers.ValidationError(f"Name some of {known}, with commas between.")
    return parts


class IncludeQuery(serializers.Serializer[Any]):
    """Which parts of documents are wanted beside their own fields."""

    include = serializers.CharField(
        max_length=60,
        default="",
        help_text="`lines`, `payments`, `applications`, or several with commas between.",
    )

    def validate_include(self, text: str) -> tuple[str, ...]:
        """Return the parts."""
        return parts_from(text)


class DocumentQuery(UpdatedQuery, IncludeQuery):
    """What documents may be narrowed to."""

    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    status = serializers.CharField(
        required=False, max_length=30, help_text="Xero's own word, such as `AUTHORISED`."
    )
    number = serializers.CharField(
        required=False, max_length=255, help_text="The document's own number, in full."
    )
    learner_number = serializers.CharField(
        required=False, max_length=50, help_text="Documents of the learner with this number."
    )
    contact_id = serializers.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1, help_text="Documents of this contact."
    )
    date_from = serializers.DateField(required=False, help_text="Dated on this day or later.")
    date_to = serializers.DateField(required=False, help_text="Dated on this day or before.")


class Documents(ApiView):
    """All documents of the connected organisation."""

    rights = Rights(permissions.may_see_learners)

    @schema.lists(
        document_json.DocumentJson,
        query=DocumentQuery,
        summary="List documents",
        tag=TAG,
        name="documents_list",
    )
    @snapshots.one_moment()
    def get(self, request: Request) -> Response:
        """List invoices, credit notes, overpayments and prepayments, voided ones as well."""
        asked = self.asked(request, DocumentQuery)
        portal = self.portal(request)
        page = cursors.page_of(
            document_json.settled(narrowed(_documents(portal), portal, asked)),
            ORDER,
            cursor=asked["cursor"],
            limit=asked["limit"],
        )
        return self.page(request, page, _written(portal, page.rows, asked["include"]))


class OneDocument(ApiView):
    """One document."""

    rights = Rights(permissions.may_see_learners)

    @schema.shows(
        document_json.DocumentJson, summary="One document", tag=TAG, name="documents_read"
    )
    @snapshots.one_moment()
    def get(self, request: Request, document_id: int) -> Response:
        """Return a document with all its parts."""
        self.asked(request, serializers.Serializer)
        portal = self.portal(request)
        found = list(document_json.settled(_documents(portal).filter(pk=document_id)))
        if not found:
            raise Http404
        (document,) = _written(portal, found, document_json.PARTS)
        return Response(document)


def narrowed(
    documents: QuerySet[Document], portal: Portal, asked: dict[str, Any]
) -> QuerySet[Document]:
    """Return those of the documents that are asked for."""
    same = {name: asked[name] for name in ("kind", "status", "number") if name in asked}
    spans = {
        "date__gte": asked.get("date_from"),
        "date__lte": asked.get("date_to"),
        "synced_at__gte": asked.get("updated_since"),
    }
    documents = documents.filter(**same, **{k: v for k, v in spans.items() if v is not None})
    organisation = connections.current_organisation(portal)
    if "learner_number" in asked:
        learner = portal.learners.filter(number=asked["learner_number"]).first()
        if learner is None or organisation is None:
            return documents.none()
        contact_ids, kept_off = queries.contacts_and_withheld(
            learner=learner, organisation=organisation
        )
        documents = documents.filter(contact_xero_id__in=contact_ids)
        documents = documents.exclude(pk__in=kept_off.document_ids)
    if "contact_id" in asked and organisation is not None:
        contacts = organisation.contacts.filter(pk=asked["contact_id"])
        documents = documents.filter(contact_xero_id__in=contacts.values("xero_id"))
    return documents


def _documents(portal: Portal) -> QuerySet[Document]:
    organisation = connections.current_organisation(portal)
    if organisation is None:
        return Document.objects.none()
    return Document.objects.filter(organisation=organisation)


def _written(portal: Portal, documents: list[Document], parts: Any) -> list[dict[str, Any]]:
    organisation = connections.current_organisation(portal)
    if organisation is None:
        return []
    today = book_days.today_of(portal=portal, organisation=organisation, now=timezone.now())
    return document_json.written(documents, organisation=organisation, today=today, parts=parts)
