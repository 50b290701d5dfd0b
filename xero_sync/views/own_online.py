"""View and pay: from a learner's click to Xero's online invoice of their own document."""

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from connected_apps import errors as connection_errors
from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from invoices.own_page import own_documents, own_views
from lrm import access, page_calls
from lrm.learner_accounts import own_learner
from xero_sync import online_invoices
from xero_sync.api import errors

_LATER = "The invoice cannot be opened at the moment. Nothing was changed. Try again in a minute."


@own_views.require_own
@require_safe
def open_own_online(request: access.SignedInRequest, own_id: int) -> HttpResponse:
    """Redirect to the online invoice; what is not the learner's own does not exist.

    Why Xero did not answer is the portal's affair: a learner is told to try again, or to ask.
    """
    learner = own_learner.of(request.user)
    document = own_documents.one_of(learner, own_id) if learner else None
    connection = connection_of(learner.portal) if learner else None
    if learner is None or document is None or connection is None:
        raise Http404
    ask = f"This document cannot be opened online. Ask {learner.portal.name} for a copy."
    if connection.state not in LIVE and not online_invoices.is_xeros_own(document.online_url):
        return _explain(request, ask, 409)
    try:
        address = online_invoices.address_of(document=document, connection=connection)
    except online_invoices.NothingToOpen:
        return _explain(request, ask, 409)
    except (errors.XeroError, connection_errors.ConnectedAppsError, page_calls.Busy):
        return _explain(request, _LATER, 503)
    return HttpResponseRedirect(address)


def _explain(request: access.SignedInRequest, why: str, status: int) -> HttpResponse:
    return render(request, "xero_sync/no_own_online.html", {"why": why}, status=status)
