"""Report #0443 for programs: who is to be invoiced, by the queries of its page."""

from typing import Any

from django.utils import timezone
from rest_framework import exceptions, serializers
from rest_framework.request import Request
from rest_framework.response import Response

from connected_apps import freshness
from connected_apps import queries as connections
from lrm import permissions, snapshots
from lrm.rest import cursors, problems, schema
from lrm.rest.fields import Instant, ListQuery
from lrm.rest.views import ApiView, Rights
from reports import file_facts
from reports.uninvoiced import criteria as criteria_module
from reports.uninvoiced import facts, forms, rows
from reports.uninvoiced.criteria import Criteria
from xero_sync.rest.connection import CurrentAsOf, FreshnessJson

TAG = "Reports"
ORDER = cursors.Order("to_invoice", (("id", cursors.whole),))


class LearnersQuery(serializers.Serializer[Any]):
    """Whom the report may be narrowed to. Without `since` it is about all of them."""

    since = serializers.DateField(
        required=False, help_text="Only who was added, or ticked, on this day or after it."
    )
    who = serializers.ChoiceField(
        choices=["all"],
        required=False,
        help_text="Also those with *Sync to Xero* off; without it only those with it on.",
    )
    show = serializers.ChoiceField(
        choices=["billed"],
        required=False,
        help_text="Those who are billed to somebody else, in place of those to invoice.",
    )
    contact = serializers.ChoiceField(
        choices=["yes", "no"], required=False, help_text="Only with, or without, one in Xero."
    )
    asked = serializers.ChoiceField(
        choices=["on"], required=False, help_text="Only of whom a question waits."
    )


class LearnerRowsQuery(ListQuery, LearnersQuery):
    """The same for rows."""


class LearnerToInvoice(serializers.Serializer[rows.Row]):
    """A learner without an approved invoice of their own, and why."""

    id = serializers.IntegerField()
    number = serializers.CharField()
    name = serializers.CharField()
    added_on = serializers.DateField(help_text="By the clock where the books are kept.")
    sync_to_xero = serializers.BooleanField(source="is_ticked")
    contacts = serializers.ListField(
        child=serializers.CharField(), help_text="Names of the contacts that are the learner."
    )
    reason = serializers.CharField(help_text="Why there is no invoice, in words.")
    billed_to = serializers.ListField(
        source="billed",
        child=serializers.CharField(),
        help_text="Invoices to others that cover the learner, with whom they are to.",
    )


class LearnersToInvoiceTotals(serializers.Serializer[Any]):
    """How many learners there are, and what they are held against."""

    organisation = serializers.CharField()
    period = serializers.CharField()
    filters = serializers.CharField()
    as_of = Instant(help_text="To the minute.")
    freshness = FreshnessJson()
    current_as_of = CurrentAsOf()
    to_invoice = serializers.IntegerField(
        allow_null=True, help_text="Null where so many match that they are not counted meanwhile."
    )
    billed = serializers.IntegerField(allow_null=True, help_text="Billed to somebody else.")
    invoiced = serializers.IntegerField(allow_null=True)


class _ReportView(ApiView):
    rights = Rights(permissions.may_read_synced_invoices)

    def question(
        self, request: Request, query: type[serializers.Serializer[Any]]
    ) -> tuple[Criteria, forms.LearnersFilter, dict[str, Any]]:
        """Return what is asked, by the page's own form, and how it is paged.

        :raises Conflict: no organisation is connected.
        :raises ValidationError: a filter cannot be.
        """
        asked, portal = self.asked(request, query), self.portal(request)
        organisation = connections.current_organisation(portal)
        if organisation is None:
            raise problems.Conflict("Xero is not connected, so there is nothing to report.")
        named = set(LearnersQuery().fields.keys())
        form = forms.LearnersFilter(
            {name: str(value) for name, value in asked.items() if name in named}
        )
        if not form.is_valid():
            raise exceptions.ValidationError(
                {name: [str(one) for one in said] for name, said in form.errors.items()}
            )
        return form.criteria(portal, organisation), form, asked


class Report0443(_ReportView):
    """The rows of report #0443."""

    @schema.lists(
        LearnerToInvoice,
        query=LearnerRowsQuery,
        summary="Rows of report #0443",
        tag=TAG,
        name="report_0443_rows",
        codes=(409,),
    )
    @snapshots.one_moment()
    def get(self, request: Request) -> Response:
        """List the learners who are to be invoiced, or who are billed to somebody else."""
        criteria, _, asked = self.question(request, LearnerRowsQuery)
        learners = criteria_module.with_reasons(criteria_module.learners_of(criteria), criteria)
        page = cursors.page_of(learners, ORDER, cursor=asked["cursor"], limit=asked["limit"])
        fresh = freshness.of(criteria.portal, now=timezone.now())
        found = rows.rows_of(page.rows, criteria, is_complete=fresh.is_complete)
        return self.page(request, page, [LearnerToInvoice(one).data for one in found])


class Report0443Totals(_ReportView):
    """How many learners report #0443 is about."""

    @schema.shows(
        LearnersToInvoiceTotals,
        summary="Totals of report #0443",
        tag=TAG,
        name="report_0443_totals",
        query=LearnersQuery,
        codes=(409,),
    )
    @snapshots.one_moment()
    def get(self, request: Request) -> Response:
        """Return how many are to be invoiced, billed to somebody else, and invoiced.

        `show` narrows the rows and not these.
        """
        criteria, form, _ = self.question(request, LearnersQuery)
        now = timezone.now()
        counts = criteria_module.counts_of(criteria)
        answer = {
            "organisation": criteria.organisation.name,
            "period": facts.period_of(criteria.since),
            "filters": form.in_words(),
            # To the minute, so that an answer can be told to be unchanged.
            "as_of": now.replace(second=0, microsecond=0),
            "freshness": freshness.of(criteria.portal, now=now).as_json(),
            "current_as_of": file_facts.current_as_of(criteria.organisation.pk),
            "to_invoice": counts.to_invoice if counts else None,
            "billed": counts.billed if counts else None,
            "invoiced": counts.invoiced if counts else None,
        }
        return Response(LearnersToInvoiceTotals(answer).data)
