"""A learner's own page: their documents, read only. Nothing in it takes an id of a learner."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from connected_apps import book_days, freshness
from connected_apps.queries import current_organisation
from invoices import queries
from invoices.listing import document_rows, row_details
from invoices.own_page import own_documents, own_words
from lrm import access, permissions, snapshots
from lrm.learner_accounts import own_learner

_PAGE_SIZE = 50

require_own = access.require(
    permissions.may_see_own_documents,
    explanation="This page shows learners their own documents, and nobody else's.",
)


@require_own
@require_safe
@snapshots.one_moment()
def my_invoices(request: access.SignedInRequest) -> HttpResponse:
    """Show a learner what they owe, and each of their documents."""
    learner = own_learner.of(request.user)
    assert learner is not None  # noqa: S101 - the door asks the same
    now = timezone.now()
    organisation = current_organisation(learner.portal)
    today = book_days.today_of(portal=learner.portal, organisation=organisation, now=now)
    fresh = freshness.of(learner.portal, now=now)
    context = {
        "learner": learner,
        "portal": learner.portal,
        "fresh": fresh,
        "freshness": own_words.freshness_line(fresh, learner.portal, now=now),
    }
    if organisation is not None:
        own = own_documents.of(learner, organisation)
        values = document_rows.values_of(own.documents)
        page = Paginator(values, _PAGE_SIZE).get_page(request.GET.get("page", "1"))
        rows = [document_rows.row_of(one) for one in page.object_list]
        context |= {
            "in_doubt": own.is_in_doubt,
            "page": page,
            "rows": row_details.with_details(document_rows.shown_rows_of(rows, today=today)),
            "balances": [
                balance
                for balance in queries.balances_of(own.documents, today=today)
                if balance.is_open
            ],
        }
    with timezone.override(learner.portal.zone):
        return render(request, "invoices/my_invoices.html", context)
