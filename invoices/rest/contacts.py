"""Contacts as Xero has them, with the learners that they are."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from connected_apps import queries as connections
from connected_apps.models import Organisation
from invoices import queries
from invoices.models import Contact, ContactLink
from invoices.rest.document_json import LearnerOfDocument
from lrm import permissions
from lrm.rest import cursors, schema
from lrm.rest.fields import Instant, UpdatedQuery
from lrm.rest.views import ApiView, Rights

TAG = "Contacts"
ORDER = cursors.Order("contacts", (("xero_id", cursors.uuid),))


class ContactQuery(UpdatedQuery):
    """What contacts may be narrowed to."""

    contact_number = serializers.CharField(
        required=False, max_length=50, help_text="The contact's own number in Xero, in full."
    )
    learner_number = serializers.CharField(
        required=False, max_length=50, help_text="Contacts that are the learner with this number."
    )


class ContactJson(serializers.Serializer[Contact]):
    """A contact in Xero, as it is mirrored here."""

    id = serializers.IntegerField()
    xero_id = serializers.UUIDField()
    name = serializers.CharField()
    contact_number = serializers.CharField()
    email = serializers.CharField()
    status = serializers.CharField(help_text="Xero's own word, such as ACTIVE or ARCHIVED.")
    merged_into_xero_id = serializers.UUIDField(source="merged_to_xero_id", allow_null=True)
    learners = serializers.SerializerMethodField(help_text="The learners that it is.")
    changed_in_xero_at = Instant(source="updated_at")
    synced_at = Instant(help_text="When this version was stored here.")

    @extend_schema_field(LearnerOfDocument(many=True))
    def get_learners(self, contact: Contact) -> Any:
        """Return the learners that it is."""
        found = self.context["learners"].get(contact.xero_id, ())
        return [{"id": one.id, "number": one.number} for one in found]


class Contacts(ApiView):
    """All contacts of the connected organisation."""

    rights = Rights(permissions.may_see_learners)

    @schema.lists(
        ContactJson, query=ContactQuery, summary="List contacts", tag=TAG, name="contacts_list"
    )
    def get(self, request: Request) -> Response:
        """List contacts; those of another portal's learners on the same Xero are not among them."""
        asked = self.asked(request, ContactQuery)
        organisation = connections.current_organisation(self.portal(request))
        page = cursors.page_of(
            _narrowed(_contacts(organisation), organisation, asked),
            ORDER,
            cursor=asked["cursor"],
            limit=asked["limit"],
        )
        return self.page(request, page, _written(page.rows, organisation))


class OneContact(ApiView):
    """One contact."""

    rights = Rights(permissions.may_see_learners)

    @schema.shows(ContactJson, summary="One contact", tag=TAG, name="contacts_read")
    def get(self, request: Request, contact_id: int) -> Response:
        """Return a contact."""
        self.asked(request, serializers.Serializer)
        organisation = connections.current_organisation(self.portal(request))
        found = list(_contacts(organisation).filter(pk=contact_id))
        if not found:
            raise Http404
        (contact,) = _written(found, organisation)
        return Response(contact)


def _contacts(organisation: Organisation | None) -> QuerySet[Contact]:
    """Return what this portal may see; the rule is that of the contact's page."""
    if organisation is None:
        return Contact.objects.none()
    links = ContactLink.objects.filter(contact_xero_id=OuterRef("xero_id"))
    ours = links.filter(organisation=organisation)
    theirs = links.filter(organisation__tenant_id=organisation.tenant_id).exclude(
        organisation=organisation
    )
    contacts = Contact.objects.filter(organisation=organisation).defer("raw", "digest")
    return contacts.filter(Exists(ours) | ~Exists(theirs))


def _narrowed(
    contacts: QuerySet[Contact], organisation: Organisation | None, asked: dict[str, Any]
) -> QuerySet[Contact]:
    if "contact_number" in asked:
        contacts = contacts.filter(contact_number=asked["contact_number"])
    if "updated_since" in asked:
        contacts = contacts.filter(synced_at__gte=asked["updated_since"])
    if "learner_number" in asked:
        links = ContactLink.objects.filter(
            organisation=organisation, learner__number=asked["learner_number"]
        )
        contacts = contacts.filter(xero_id__in=links.values("contact_xero_id"))
    return contacts


def _written(contacts: list[Contact], organisation: Organisation | None) -> list[Any]:
    if organisation is None:
        return []
    ids = [one.xero_id for one in contacts]
    learners = queries.learners_by_contact(organisation=organisation, contact_ids=ids)
    return [ContactJson(one, context={"learners": learners}).data for one in contacts]
