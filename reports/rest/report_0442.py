"""Report #0442 for programs: its rows and its totals, by the queries of its page.

Rows are documents as all other addresses write them. They come in an order that nothing changes,
so that a reading to the end has each once; the page's own orders are for eyes.
"""

from typing import Any

from django.utils import timezone
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from connected_apps import book_days, freshness
from connected_apps import queries as connections
from connected_apps.models import Organisation
from invoices import words
from invoices.models import Kind
from invoices.rest import document_json
from invoices.rest.document_json import Money
from invoices.rest.documents import ORDER, IncludeQuery
from lrm import permissions, snapshots
from lrm.rest import cursors, problems, schema
from lrm.rest.fields import Instant, ListQuery
from lrm.rest.views import ApiView, Rights
from reports import file_facts, forms, synced_invoices, totals
from reports.synced_invoices import AGES, Criteria
from xero_sync.rest.connection import CurrentAsOf, FreshnessJson

TAG = "Reports"


class CriteriaQuery(serializers.Serializer[Any]):
    """What the report may be narrowed to. Without dates it is about all of them."""

    date_from = serializers.DateField(required=False)
    date_to = serializers.DateField(required=False)
    by = serializers.ChoiceField(
        choices=["synced"],
        required=False,
        help_text="Dates are those of storing.",
    )
    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    status = serializers.ChoiceField(choices=words.STATUS_CHOICES, required=False)
    age = serializers.ChoiceField(choices=list(AGES), required=False, help_text="Overdue by.")
    currency = serializers.CharField(required=False, max_length=3)
    learner = serializers.CharField(
        required=False, max_length=50, help_text="The number of a learner."
    )
    q = serializers.CharField(
        required=False,
        max_length=100,
        help_text="The beginning of a number, or of words in a contact's or a learner's name; "
        "digits alone are also Xero's usual numbers with them, such as INV-0570.",
    )
    no_learner = serializers.ChoiceField(
        choices=["on"],
        required=False,
        help_text="Only what names no learner; what is withheld as well.",
    )
    as_at = serializers.DateField(
        required=False,
        help_text="A past day, on which everything stood as it is told: status, paid, credited and "
        "due are of that day, without what is dated after it.",
    )


class RowsQuery(ListQuery, CriteriaQuery, IncludeQuery):
    """The same for rows."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse payments and applications of now beside amounts of then."""
        if attrs.get("as_at") and set(attrs["include"]) - {document_json.LINES}:
            raise serializers.ValidationError(
                {"include": ["Payments and applications are those of now: ask without as_at."]}
            )
        return attrs


class TotalJson(serializers.Serializer[totals.Total]):
    """What documents of one kind in one currency add up to; currencies are never added."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    currency = serializers.CharField()
    count = serializers.IntegerField()
    total = Money()
    cancelled_count = serializers.IntegerField()
    cancelled_total = Money()
    unapproved_count = serializers.IntegerField()
    unapproved_total = Money()
    amount_paid = Money()
    amount_credited = Money()
    amount_due = Money()
    net = Money(help_text="Due to the organisation: credits with a minus.")
    not_due_yet = Money(help_text="Of what is due on invoices: not overdue, or without a due date.")
    overdue_1_to_30 = Money(help_text="Overdue by so many days; this and the next three.")
    overdue_31_to_60 = Money()
    overdue_61_to_90 = Money()
    overdue_over_90 = Money()


class TotalsJson(serializers.Serializer[Any]):
    """The totals of the report, and what they are of."""

    organisation = serializers.CharField()
    period = serializers.CharField()
    filters = serializers.CharField()
    as_at = serializers.DateField(allow_null=True, help_text="The past day that was asked for.")
    as_at_means = serializers.ListField(
        child=serializers.CharField(),
        help_text="What the figures of that day are, and what nobody can know of it.",
    )
    as_of = Instant(help_text="To the minute.")
    freshness = FreshnessJson()
    current_as_of = CurrentAsOf()
    is_counted = serializers.BooleanField(
        help_text="False where so many documents match that they are not added up while you wait."
    )
    totals = TotalJson(many=True)


class _ReportView(ApiView):
    rights = Rights(permissions.may_read_synced_invoices)

    def organisation(self, request: Request) -> Organisation:
        """Return the connected organisation.

        :raises Conflict: there is none.
        """
        found = connections.current_organisation(self.portal(request))
        if found is None:
            raise problems.Conflict("Xero is not connected, so there is nothing to report.")
        return found

    def criteria(self, request: Request, asked: dict[str, Any]) -> Criteria:
        """Return what is asked, by the page's own form.

        :raises ValidationError: a filter names what there is not.
        """
        portal, organisation = self.portal(request), self.organisation(request)
        named = set(CriteriaQuery().fields.keys())
        given = {name: str(value) for name, value in asked.items() if name in named}
        today = book_days.today_of(portal=portal, organisation=organisation, now=timezone.now())
        form = forms.ReportFilter(given, portal=portal, organisation=organisation, today=today)
        if not form.is_valid():
            raise exceptions.ValidationError(
                {name: [str(one) for one in said] for name, said in form.errors.items()}
            )
        return form.criteria(organisation, today=today)


class Report0442(_ReportView):
    """The rows of report #0442."""

    @schema.lists(
        document_json.DocumentJson,
        query=RowsQuery,
        summary="Rows of report #0442",
        tag=TAG,
        name="report_0442_rows",
        codes=(409,),
    )
    @snapshots.one_moment()
    def get(self, request: Request) -> Response:
        """List the documents of the report. Their amounts add up to its totals."""
        asked = self.asked(request, RowsQuery)
        criteria = self.criteria(request, asked)
        page = cursors.page_of(
            document_json.settled(synced_invoices.documents_of(criteria)),
            ORDER,
            cursor=asked["cursor"],
            limit=asked["limit"],
        )
        for document in page.rows:
            for name, then in criteria.names.items():
                setattr(document, name, getattr(document, then))
        rows = document_json.written(
            page.rows,
            organisation=criteria.organisation,
            today=criteria.today,
            parts=asked["include"],
        )
        return self.page(request, page, rows)


class Report0442Totals(_ReportView):
    """The totals of report #0442."""

    @schema.shows(
        TotalsJson,
        summary="Totals of report #0442",
        tag=TAG,
        name="report_0442_totals",
        query=CriteriaQuery,
        codes=(409,),
    )
    @snapshots.one_moment()
    def get(self, request: Request) -> Response:
        """Return what the rows add up to for each kind and currency, and how complete they are."""
        criteria = self.criteria(request, self.asked(request, CriteriaQuery))
        portal, now = self.portal(request), timezone.now()
        found = totals.totals_of(criteria)
        fresh = freshness.of(portal, now=now)
        answer = {
            "organisation": criteria.organisation.name,
            "period": file_facts.period_of(criteria),
            "filters": file_facts.filters_of(criteria),
            "as_at": criteria.as_at,
            "as_at_means": file_facts.as_at_said(criteria),
            # Else no two answers would be the same, and none could be told to be unchanged.
            "as_of": now.replace(second=0, microsecond=0),
            "freshness": fresh.as_json(),
            "current_as_of": file_facts.current_as_of(criteria.organisation.pk),
            "is_counted": found.is_counted,
            "totals": found.rows,
        }
        return Response(TotalsJson(answer).data)
