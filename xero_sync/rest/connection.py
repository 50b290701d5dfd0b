"""The connection to Xero: its state, how fresh what is here is, and up to when by kind."""

from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from connected_apps import freshness
from connected_apps import queries as connections
from connected_apps.freshness import Condition
from connected_apps.models import Organisation, State
from connected_apps.states import states
from lrm import permissions
from lrm.rest import schema
from lrm.rest.fields import Instant
from lrm.rest.views import ApiView, Rights
from xero_sync.status import read_through


class OrganisationJson(serializers.ModelSerializer[Organisation]):
    """The organisation in Xero whose documents are here."""

    class Meta:
        model = Organisation
        fields = ("tenant_id", "name", "short_code", "base_currency", "time_zone")


class FreshnessJson(serializers.Serializer[Any]):
    """How fresh and complete the documents here are, as every page says it."""

    condition = serializers.ChoiceField(choices=[one.value for one in Condition])
    complete = serializers.BooleanField()
    line = serializers.CharField(help_text="The whole in words for people.")
    as_of = Instant(allow_null=True, help_text="When everything was last known to be as in Xero.")
    read = serializers.IntegerField(allow_null=True, help_text="Of a first sync: documents read.")
    total = serializers.IntegerField(allow_null=True, help_text="Of how many.")
    count = serializers.IntegerField(
        allow_null=True, help_text="How many could not be saved, or how many checks differ."
    )
    since = Instant(allow_null=True)
    until = Instant(allow_null=True)


class CurrentAsOf(serializers.Serializer[Any]):
    """Up to when everything that was modified in Xero is here, by kind; null where never."""

    INVOICE = Instant(allow_null=True)
    CREDIT_NOTE = Instant(allow_null=True)
    OVERPAYMENT = Instant(allow_null=True)
    PREPAYMENT = Instant(allow_null=True)


class ConnectionJson(serializers.Serializer[Any]):
    """How the connection to Xero stands."""

    state = serializers.ChoiceField(choices=State.choices)
    state_in_words = serializers.CharField()
    reason = serializers.CharField(help_text="Why it is in this state; may be empty.")
    since = Instant(allow_null=True)
    organisation = OrganisationJson(allow_null=True)
    freshness = FreshnessJson()
    current_as_of = CurrentAsOf(allow_null=True)


class ConnectionToXero(ApiView):
    """The portal's connection."""

    rights = Rights(permissions.may_see_documents)

    @schema.shows(
        ConnectionJson, summary="How the connection stands", tag="Connection", name="connection"
    )
    def get(self, request: Request) -> Response:
        """Return the state of the connection, and how fresh and complete the documents are."""
        self.asked(request, serializers.Serializer)
        portal, now = self.portal(request), timezone.now()
        connection = connections.connection_of(portal)
        shown = states.shown(connection, now=now) if connection else None
        state = shown.state if shown else State.NOT_CONNECTED
        organisation = connection.organisation if connection else None
        answer = {
            "state": state,
            "state_in_words": str(state.label),
            "reason": shown.reason if shown else "",
            "since": connection.state_since if connection else None,
            "organisation": organisation,
            "freshness": _freshness(freshness.of(portal, now=now)),
            "current_as_of": read_through.by_kind(organisation.pk) if organisation else None,
        }
        return Response(ConnectionJson(answer).data)


def _freshness(fresh: freshness.Freshness) -> dict[str, Any]:
    worst = fresh.worst
    of_worst = {
        name: getattr(worst, name) if worst else None
        for name in ("read", "total", "count", "since", "until")
    }
    return {
        "condition": fresh.condition.value,
        "complete": fresh.is_complete,
        "line": fresh.line,
        "as_of": fresh.as_of,
        **of_worst,
    }
