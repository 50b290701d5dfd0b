"""The page on which a portal chooses who is sent to Xero, with a preview of what that would do."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from connected_apps.queries import current_organisation
from lrm import access, permissions
from lrm.models import Portal
from lrm.roster import bulk_ticks
from xero_sync.contacts import dry_run, push_gate, which_learners
from xero_sync.contacts.which_learners import Choice
from xero_sync.pull import gc_tuning
from xero_sync.status import start_words

_require_managing = access.require(
    permissions.may_manage_connected_apps,
    explanation="Choosing which learners are sent to Xero is for portal admins with an LRM role.",
)


class ChoiceForm(forms.Form):
    """Who is ticked."""

    choice = forms.ChoiceField(
        label="Which learners are sent to Xero",
        choices=Choice.choices,
        widget=forms.RadioSelect({"class": "form-check-input"}),
        error_messages={
            "required": "Choose one.",
            "invalid_choice": "Choose one of these.",
        },
    )


@_require_managing
@require_http_methods(["GET", "HEAD", "POST"])
def choose(request: access.SignedInRequest) -> HttpResponse:
    """Show what holds, preview another choice, or save it."""
    if request.method != "POST":
        return render(request, "xero_sync/which_learners.html", _context(request.portal))
    form = ChoiceForm(request.POST)
    context = _context(request.portal) | {"form": form}
    if not form.is_valid():
        return render(request, "xero_sync/which_learners.html", context, status=422)
    choice = Choice(form.cleaned_data["choice"])
    if "preview" in request.POST:
        context["preview"] = _preview(request.portal, choice, context["unticked"])
        return render(request, "xero_sync/which_learners.html", context)
    return _save(request, choice)


def _save(request: access.SignedInRequest, choice: Choice) -> HttpResponse:
    changed = which_learners.choose(
        portal=request.portal, choice=choice, by=request.user, now=timezone.now()
    )
    start = "ticked" if choice.ticks_new else "unticked"
    said = "Saved: from now on" if changed else "As before:"
    messages.success(request, f"{said} new learners start {start}.")
    if choice is Choice.ALL:
        ticked = bulk_ticks.set_ticks(
            portal=request.portal,
            learners=request.portal.learners.all(),
            tick=True,
            by=request.user,
            now=timezone.now(),
        )
        if ticked.job is not None:
            return redirect("job", ticked.job.pk)
        if ticked.changed:
            messages.success(request, bulk_ticks.sentence(tick=True, changed=ticked.changed))
    return redirect("contacts_which")


def _context(portal: Portal) -> dict[str, Any]:
    total = portal.learners.count()
    ticked = portal.learners.filter(sync_to_xero=True).count()
    organisation = current_organisation(portal)
    return {
        "form": ChoiceForm(initial={"choice": which_learners.current(portal)}),
        "total": total,
        "ticked": ticked,
        "unticked": total - ticked,
        "is_started": organisation is not None and push_gate.is_open(organisation),
    }


def _preview(portal: Portal, choice: Choice, unticked: int) -> list[str]:
    """Return what a choice would do, in sentences."""
    if choice is Choice.BY_HAND:
        return [
            "New learners start unticked: nobody reaches Xero unless somebody ticks them.",
            "Who is ticked now stays ticked and goes on being sent.",
        ]
    said = [
        "New learners start ticked, whether they are typed in or imported. One can be unticked."
    ]
    if choice is Choice.NEW:
        return [*said, "Who is there already stays ticked or unticked."]
    if not unticked:
        return [*said, "All learners are ticked already."]
    return [*said, f"{_learners(unticked)} not ticked, and would be ticked now.", *_fates(portal)]


def _fates(portal: Portal) -> list[str]:
    organisation = current_organisation(portal)
    if organisation is None or not push_gate.contacts_are_read(organisation):
        return ["What would become of them can be said once the contacts in Xero are read."]
    with gc_tuning.set_for_walks():
        found = dry_run.run(organisation=organisation, ticked=False)
    return [f"Ticking them all: {start_words.in_one_sentence(found)}"]


def _learners(count: int) -> str:
    return f"{count:,} learner{' is' if count == 1 else 's are'}"
