"""What people do on the contacts page: to one row, to the checked ones, or to all that match.

Few are done at once, many in the background. Who may not act is told who may; of another portal's
learners and contacts there is none here.
"""

from datetime import datetime

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from connected_apps.models import Organisation
from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from invoices.models import Contact, ContactLinkChange
from lrm import access
from lrm.models import BatchJob
from xero_sync.contact_tabs import act_jobs, act_words, acts, listings, shown_links, sides
from xero_sync.contact_tabs.acts import Act
from xero_sync.contact_tabs.tabs import Key, key_of
from xero_sync.store.link_decisions import NotPossible
from xero_sync.views import contacts

# What one request does while somebody waits for it.
MOST_AT_ONCE = 200
_EVERY = 10_000_000
_NOT_CONNECTED = "Nothing was changed: Xero is not connected at the moment."


@contacts.require_managing
@require_POST
def act(request: access.SignedInRequest) -> HttpResponse:
    """Do something to rows of a tab."""
    where = contacts.where_of(request.POST)
    organisation = live_organisation(request)
    if organisation is None:
        messages.warning(request, _NOT_CONNECTED)
        return redirect(where.address)
    name, _, only = request.POST.get("only", "").partition(" ")
    chosen = name or request.POST.get("act", "")
    if chosen not in set(Act):
        return HttpResponseBadRequest("There is no such act.")
    if not only and request.POST.get("all") == "yes":
        return _do_to_all(request, Act(chosen), organisation, where)
    keys = _keys([only] if only else request.POST.getlist("key"), request, organisation)
    if not keys:
        messages.warning(request, "Nothing was changed: check the rows first.")
        return redirect(where.address)
    _do(request, Act(chosen), keys[:MOST_AT_ONCE], organisation, where)
    return redirect(where.address)


def _do_to_all(
    request: access.SignedInRequest, act: Act, organisation: Organisation, where: contacts.Where
) -> HttpResponse:
    """Ask once whether all are meant; then do it, in the background where they are many."""
    if act not in acts.OF_MANY.get(where.list, ()):
        return HttpResponseBadRequest("This cannot be done to all of them.")
    listing = contacts.listing_of(request.portal, organisation, where)
    total = listings.count(listing, most=_EVERY).number
    if not total:
        messages.info(request, "Nothing was changed: nothing matches any more.")
        return redirect(where.address)
    if request.POST.get("confirmed") != "yes":
        context = {
            "where": where,
            "total": total,
            "act": act.value,
            "button": act_words.button(act, where.list),
            "meaning": act_words.meaning(act),
            "list": act_words.label(where.list),
            "is_many": total > MOST_AT_ONCE,
        }
        return render(request, "xero_sync/contacts_confirm.html", context)
    if total > MOST_AT_ONCE:
        job = act_jobs.request(
            act=act, listing=listing, total=total, by=request.user, now=timezone.now()
        )
        return redirect("job", job.pk)
    _do(request, act, listings.page_of(listing, size=total).keys, organisation, where)
    return redirect(where.address)


def _do(
    request: access.SignedInRequest,
    act: Act,
    keys: list[Key],
    organisation: Organisation,
    where: contacts.Where,
) -> None:
    now = timezone.now()
    seen = (text.partition("=") for text in request.POST.getlist("seen"))
    actor = acts.Actor(
        portal=request.portal,
        organisation=organisation,
        tab=where.list,
        by=request.user,
        seen={key: about for key, _, about in seen},
    )
    outcome = acts.do(act, keys, actor=actor, now=now)
    words = act_words.done(act, outcome)
    if outcome.done:
        messages.success(request, words)
        if act not in (Act.RETRY, Act.RELEASE):
            remember(request, organisation, words, now)
    if outcome.failures:
        messages.warning(request, act_words.not_done(outcome.failures))


@contacts.require_managing
@require_POST
def link(request: access.SignedInRequest) -> HttpResponse:
    """Link a learner and a contact that somebody found by search."""
    where = contacts.where_of(request.POST)
    organisation = live_organisation(request)
    if organisation is None:
        messages.warning(request, _NOT_CONNECTED)
        return redirect(where.address)
    key = _keys([request.POST.get("pair", "")], request, organisation)[0]
    learner = request.portal.learners.filter(pk=key.learner_id or 0).first()
    if learner is None or key.contact_id is None:
        raise Http404
    now = timezone.now()
    asked = shown_links.Asked(
        organisation=organisation,
        by=request.user,
        seen={str(key): request.POST.get("about", "")},
    )
    try:
        with transaction.atomic():
            shown_links.link_found(key, asked=asked, now=now)
    except NotPossible as reason:
        messages.warning(request, f"Nothing was changed: {reason}")
    else:
        contact = Contact.objects.filter(organisation=organisation, xero_id=key.contact_id)
        words = f"{learner} is linked with {contact.get().name}."
        messages.success(request, words)
        remember(request, organisation, words, now)
    return redirect(where.address)


@contacts.require_managing
@require_POST
def undo(request: access.SignedInRequest) -> HttpResponse:
    """Undo what was done: a line of the history, the last act, or an act in the background."""
    where = contacts.where_of(request.POST)
    organisation = live_organisation(request)
    if organisation is None:
        messages.warning(request, _NOT_CONNECTED)
        return redirect(where.address)
    if job_id := request.POST.get("job"):
        return _undo_job(request, job_id)
    now = timezone.now()
    lines = _lines(request, organisation)
    outcome = acts.undo(lines, by=request.user, now=now)
    request.session.pop(contacts.LAST_ACT, None)
    if outcome.done:
        messages.success(request, act_words.undone(outcome))
    if outcome.failures:
        messages.warning(request, act_words.not_done(outcome.failures))
    return redirect(where.address)


def _undo_job(request: access.SignedInRequest, job_id: str) -> HttpResponse:
    jobs = BatchJob.objects.filter(portal=request.portal, kind=act_jobs.ACT)
    job = jobs.filter(pk=job_id).first() if _is_id(job_id) else None
    if job is None:
        raise Http404
    if not act_jobs.can_be_undone(job):
        messages.warning(request, "Nothing was changed: there is nothing to undo.")
        return redirect("xero_contacts")
    undoing = act_jobs.request_undo(job=job, by=request.user, now=timezone.now())
    return redirect("job", undoing.pk)


def _lines(request: access.SignedInRequest, organisation: Organisation) -> list[ContactLinkChange]:
    """Return the lines of the history that are to be undone."""
    if at := request.POST.get("at"):
        try:
            moment = datetime.fromisoformat(at)
        except ValueError:
            raise Http404 from None
        lines = acts.lines_of(organisation, by=request.user, at=moment)
    else:
        change = request.POST.get("change", "")
        lines = acts.line(organisation, int(change)) if _is_id(change) else []
    if not lines:
        raise Http404
    return lines


def live_organisation(request: access.SignedInRequest) -> Organisation | None:
    """Return the organisation that is connected, None where acts would not reach it."""
    connection = connection_of(request.portal)
    if connection is None or connection.state not in LIVE:
        return None
    return connection.organisation


def remember(
    request: access.SignedInRequest, organisation: Organisation, words: str, at: datetime
) -> None:
    """Keep what somebody did, so that it can be undone."""
    request.session[contacts.LAST_ACT] = {
        "organisation": organisation.pk,
        "words": words,
        "at": at.isoformat(),
    }


def _keys(
    given: list[str], request: access.SignedInRequest, organisation: Organisation
) -> list[Key]:
    """Return the keys that a form names.

    :raises Http404: one of them is not of this portal.
    """
    keys = [key_of(text) for text in given]
    found = [key for key in keys if key is not None]
    learner_ids = {key.learner_id for key in found if key.learner_id}
    contact_ids = {key.contact_id for key in found if key.contact_id}
    learners = request.portal.learners.filter(pk__in=learner_ids).count()
    if (
        len(found) < len(keys)
        or learners < len(learner_ids)
        or len(sides.contacts_of(organisation, contact_ids)) < len(contact_ids)
    ):
        raise Http404
    return found


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
