"""Learners, each with how they stand with Xero: the same standing as on their page."""

from collections import defaultdict
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from connected_apps import queries as connections
from connected_apps.models import Connection, Organisation
from invoices.models import Contact, ContactLink
from lrm import permissions
from lrm.models import Learner, Portal
from lrm.rest import cursors, schema
from lrm.rest.fields import Instant, UpdatedQuery
from lrm.rest.views import ApiView, Rights
from xero_sync.contacts.learner_outlook import LinkedContact, Outlook, Standing
from xero_sync.models import ContactPush, PushStart
from xero_sync.store import identity_facts

TAG = "Learners"
ORDER = cursors.Order("learners", (("id", cursors.whole),))


class LearnerQuery(UpdatedQuery):
    """What learners may be narrowed to."""

    number = serializers.CharField(
        required=False, max_length=50, help_text="The learner's own number, in full."
    )


class LinkedContactJson(serializers.Serializer[Any]):
    """A contact in Xero that is the learner."""

    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()
    is_active = serializers.BooleanField()
    since = Instant()


class StandingJson(serializers.Serializer[Outlook]):
    """How a learner stands with Xero."""

    state = serializers.ChoiceField(
        source="standing.name", choices=[(one.name, one.value) for one in Standing]
    )
    state_in_words = serializers.CharField(source="standing.value")
    why = serializers.CharField(
        source="problem", help_text="Why it waits or was refused; Xero's words where it refused."
    )
    contacts = LinkedContactJson(many=True)


class LearnerJson(serializers.ModelSerializer[Learner]):
    """A learner."""

    updated_at = Instant()
    xero = serializers.SerializerMethodField(help_text="How the learner stands with Xero.")

    class Meta:
        model = Learner
        fields = (
            *("id", "number", "given_name", "family_name", "email", "phone", "mobile"),
            *("address_line", "city", "region", "postal_code", "country", "sync_to_xero"),
            *("updated_at", "xero"),
        )

    @extend_schema_field(StandingJson)
    def get_xero(self, learner: Learner) -> Any:
        """Return how the learner stands."""
        return StandingJson(self.context["outlooks"][learner.pk]).data


class Learners(ApiView):
    """All learners of the portal."""

    rights = Rights(permissions.may_see_learners)

    @schema.lists(
        LearnerJson, query=LearnerQuery, summary="List learners", tag=TAG, name="learners_list"
    )
    def get(self, request: Request) -> Response:
        """List learners with how each stands with Xero.

        `updated_since` looks at the learner alone: what changes in Xero is told by documents and
        contacts.
        """
        asked = self.asked(request, LearnerQuery)
        portal = self.portal(request)
        page = cursors.page_of(
            _narrowed(portal, asked), ORDER, cursor=asked["cursor"], limit=asked["limit"]
        )
        return self.page(request, page, _written(portal, page.rows))


class OneLearner(ApiView):
    """One learner."""

    rights = Rights(permissions.may_see_learners)

    @schema.shows(LearnerJson, summary="One learner", tag=TAG, name="learners_read")
    def get(self, request: Request, learner_id: int) -> Response:
        """Return a learner."""
        self.asked(request, serializers.Serializer)
        portal = self.portal(request)
        found = list(portal.learners.filter(pk=learner_id))
        if not found:
            raise Http404
        (learner,) = _written(portal, found)
        return Response(learner)


def outlooks_of(portal: Portal, learners: list[Learner]) -> dict[int, Outlook]:
    """Return how learners stand, by a fixed number of queries.

    As `learner_outlook.outlook_of` but for what is asked of a person and was read last, of which
    the standing does not depend.
    """
    connection = connections.connection_of(portal)
    organisation = connection.organisation if connection else None
    if connection is None or organisation is None:
        return {one.pk: Outlook(one, connection) for one in learners}
    ids = [one.pk for one in learners]
    pushes = {one.learner_id: one for one in ContactPush.objects.filter(learner_id__in=ids)}
    is_held = not PushStart.objects.filter(organisation=organisation).exists()
    contacts = _contacts_of(ids, organisation)
    return {
        one.pk: _outlook(one, connection, pushes.get(one.pk), contacts[one.pk], is_held=is_held)
        for one in learners
    }


def _outlook(
    learner: Learner,
    connection: Connection,
    push: ContactPush | None,
    contacts: list[LinkedContact],
    *,
    is_held: bool,
) -> Outlook:
    return Outlook(learner, connection, contacts=tuple(contacts), push=push, is_held=is_held)


def _contacts_of(
    learner_ids: list[int], organisation: Organisation
) -> defaultdict[int, list[LinkedContact]]:
    links = ContactLink.objects.filter(organisation=organisation, learner_id__in=learner_ids)
    rows = list(links.order_by("pk"))
    mirrored = Contact.objects.filter(
        organisation=organisation, xero_id__in={one.contact_xero_id for one in rows}
    ).defer("raw", "digest")
    by_xero_id = {one.xero_id: one for one in mirrored}
    found: defaultdict[int, list[LinkedContact]] = defaultdict(list)
    for row in rows:
        contact = by_xero_id.get(row.contact_xero_id)
        if contact is not None:
            is_active = contact.status == identity_facts.ACTIVE
            found[row.learner_id].append(
                LinkedContact(contact.pk, contact.name, is_active, row.created_at)
            )
    return found


def _narrowed(portal: Portal, asked: dict[str, Any]) -> QuerySet[Learner]:
    learners: QuerySet[Learner] = portal.learners.all()
    if "number" in asked:
        learners = learners.filter(number=asked["number"])
    if "updated_since" in asked:
        learners = learners.filter(updated_at__gte=asked["updated_since"])
    return learners


def _written(portal: Portal, learners: list[Learner]) -> list[Any]:
    context = {"outlooks": outlooks_of(portal, learners)}
    found: Any = LearnerJson(learners, many=True, context=context)
    return list(found.data)
