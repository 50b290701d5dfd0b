"""The contacts page: its tabs, with what waits for a person on each.

It reads only; what people do here is taken by `contact_acts`. Everything works without script.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from connected_apps.models import Organisation
from connected_apps.queries import connection_of
from connected_apps.states.states import LIVE
from lrm import access, panels, permissions
from lrm.models import Portal
from xero_sync.contact_tabs import act_jobs, act_words, acts, histories, listings, rows, tab_counts
from xero_sync.contact_tabs.tabs import LABELS, LEFT_OUT_LABELS, LeftOut, Tab
from xero_sync.contacts import push_gate

MAX_SEARCH = 200
EXPLANATION = "Contacts in Xero are part of Connected Apps, which is for portal admins."
MAY_ACT = "Deciding about contacts in Xero is for portal admins with an LRM role."
# What was done last, to be undone: in the session of whoever did it.
LAST_ACT = "xero_contacts_last_act"
_OFFERED_FOR = timedelta(hours=1)

require_seeing = access.require(permissions.may_see_connected_apps, explanation=EXPLANATION)
require_managing = access.require(permissions.may_manage_connected_apps, explanation=MAY_ACT)


@dataclass(frozen=True, slots=True)
class Where:
    """Where on the page somebody is: tab, search and page."""

    tab: Tab
    part: LeftOut
    text: str
    after: str = ""
    before: str = ""

    @property
    def list(self) -> Tab | LeftOut:
        """What is listed there."""
        return self.part if self.tab is Tab.LEFT_OUT else self.tab

    @property
    def fields(self) -> dict[str, str]:
        """The address's own fields that are not empty, without the page."""
        part = self.part.value if self.tab is Tab.LEFT_OUT else ""
        found = {"tab": self.tab.value, "of": part, "q": self.text}
        return {name: value for name, value in found.items() if value}

    @property
    def page(self) -> dict[str, str]:
        """The fields of the page alone."""
        found = {"after": self.after, "before": self.before}
        return {name: value for name, value in found.items() if value}

    @property
    def address(self) -> str:
        """The address that leads there."""
        return f"{reverse('xero_contacts')}?{urlencode(self.fields | self.page)}"


def register() -> None:
    """Put the page into the settings."""
    panels.add_settings_entry(
        panels.SettingsEntry(
            label="Contacts in Xero",
            url_name="xero_contacts",
            icon="link",
            description="Who is who between learners and Xero, and what waits for an answer.",
            right=permissions.may_see_connected_apps,
            order=31,
        )
    )


def where_of(given: QueryDict) -> Where:
    """Return where a request is; what makes no sense counts as not given."""
    tab, part = given.get("tab"), given.get("of")
    text = given.get("q", "")[:MAX_SEARCH].replace("\x00", "").strip()
    return Where(
        Tab(tab) if tab in set(Tab) else Tab.QUESTIONS,
        LeftOut(part) if part in set(LeftOut) else LeftOut.LEARNERS,
        text,
        given.get("after", "")[:MAX_SEARCH],
        given.get("before", "")[:MAX_SEARCH],
    )


def listing_of(portal: Portal, organisation: Organisation | None, where: Where) -> listings.Listing:
    """Return what is listed there."""
    return listings.Listing(portal, organisation, where.list, where.text)


@require_seeing
@require_safe
def show(request: access.SignedInRequest) -> HttpResponse:
    """Show a tab."""
    where = where_of(request.GET)
    connection = connection_of(request.portal)
    organisation = connection.organisation if connection else None
    listing = listing_of(request.portal, organisation, where)
    page = listings.page_of(listing, after=where.after, before=where.before)
    counts = tab_counts.of_all(request.portal, organisation)
    may_manage = permissions.may_manage_connected_apps(request.user)
    is_live = connection is not None and connection.state in LIVE
    waiting = push_gate.waiting(organisation) if is_live else ""
    if waiting and may_manage:
        # Nobody waits for themselves.
        waiting = "Learners are not sent to Xero yet."
    context = {
        "where": where,
        "organisation": organisation,
        "is_live": is_live,
        "may_act": is_live and may_manage,
        "may_manage": may_manage,
        "sees_learners": permissions.may_see_learners(request.user),
        "waiting": waiting,
        "people": [] if may_manage else _people_who_may(request.portal),
        "tabs": _tabs(where, counts),
        "parts": _parts(where, counts) if where.tab is Tab.LEFT_OUT else [],
        "rows": rows.rows_of(
            page.keys, portal=request.portal, organisation=organisation, tab=where.list
        ),
        "page": page,
        "query": urlencode(where.fields),
        "count": listings.count(listing) if where.text else counts[where.list],
        "acts": [
            (act.value, act_words.button(act, where.list))
            for act in acts.OF_MANY.get(where.list, ())
            if act is not acts.Act.RETRY or not waiting
        ],
        "last_act": _last_act(request, organisation),
        "job": _job(request.portal),
    }
    return render(request, "xero_sync/contacts.html", context)


def _tabs(where: Where, counts: dict[Tab | LeftOut, listings.Count]) -> list[dict[str, Any]]:
    return [
        {
            "label": LABELS[tab],
            "query": urlencode({"tab": tab.value}),
            "count": counts[tab],
            "is_open": tab is where.tab,
            "waits": bool(counts[tab].number) and tab in (Tab.QUESTIONS, Tab.REFUSED),
        }
        for tab in Tab
    ]


def _parts(where: Where, counts: dict[Tab | LeftOut, listings.Count]) -> list[dict[str, Any]]:
    return [
        {
            "label": LEFT_OUT_LABELS[part],
            "query": urlencode({"tab": Tab.LEFT_OUT.value, "of": part.value}),
            "count": counts[part],
            "is_open": part is where.part,
        }
        for part in LeftOut
    ]


def _people_who_may(portal: Portal) -> list[Any]:
    return access.people_with(permissions.may_manage_connected_apps, portal=portal)


def _last_act(
    request: access.SignedInRequest, organisation: Organisation | None
) -> dict[str, Any] | None:
    """Return what this person did last, for as long as undoing it is offered."""
    last: dict[str, Any] | None = request.session.get(LAST_ACT)
    if last is None or organisation is None or last["organisation"] != organisation.pk:
        return None
    at = datetime.fromisoformat(last["at"])
    if timezone.now() - at > _OFFERED_FOR:
        return None
    # What was written to Xero meanwhile, or changed again, cannot be.
    lines = acts.lines_of(organisation, by=request.user, at=at)
    can_be_undone = histories.which_can_be_undone(organisation, lines)
    return {**last, "when": at} if can_be_undone else None


def _job(portal: Portal) -> dict[str, Any] | None:
    """Return the newest act in the background while it is news."""
    job = act_jobs.latest(portal)
    if job is None:
        return None
    if job.finished_at is not None and timezone.now() - job.finished_at > _OFFERED_FOR:
        return None
    return {
        "job": job,
        "title": act_words.title_of_job(job),
        "outcome": act_words.outcome_of_job(job),
        "can_be_undone": act_jobs.can_be_undone(job),
    }
