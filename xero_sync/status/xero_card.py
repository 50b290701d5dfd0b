"""What the Xero card on Connected Apps shows of the sync: facts, the one button, lists below."""

from datetime import datetime, timedelta

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from connected_apps.card import facts
from connected_apps.models import Connection, Organisation
from connected_apps.states.states import LIVE
from lrm import access, panels, permissions
from lrm.models import User
from xero_sync.contacts import push_gate
from xero_sync.models import Cursor, QuarantinedDocument, SyncRun, WebhookEvent
from xero_sync.runs import first_sync, resumption, run_notices
from xero_sync.status import (
    announcement_words,
    balance_words,
    completeness,
    contact_words,
    figures,
    gaps,
    other_news,
    readiness,
    unread,
)
from xero_sync.webhooks import channel_health

MOST_SHOWN = 50
_BY_SWEEP = (
    "Instant updates are not arriving, so changes take up to a minute. Details say what support "
    "can do."
)


def register() -> None:
    """Put the sync's figures, facts, action, menu and panels on the card."""
    facts.register_figures(figures.give_figures)
    facts.register_facts(give_facts)
    facts.register_action(give_action)
    facts.register_menu(give_menu)
    facts.register_panel(give_panel)
    facts.register_panel(balance_words.give_panel)
    facts.register_panel(announcement_words.give_panel)
    facts.register_unread(unread.line_of)
    facts.register_told(is_told_of_first_sync)
    gaps.register()
    panels.add_readiness_check(panels.ReadinessCheck(name="xero_sync", check=readiness.ages))


def is_told_of_first_sync(connection: Connection, user: User) -> bool:
    """Return whether somebody is told when the first sync ends."""
    run = first_sync.latest(connection.organisation_id) if connection.organisation_id else None
    return run is not None and run_notices.is_told(run, user)


def give_facts(connection: Connection, now: datetime) -> list[facts.Fact]:
    """Return when each channel last brought something, and what is not as it should be."""
    organisation = connection.organisation
    if organisation is None:
        return []
    heard = WebhookEvent.objects.filter(organisation=organisation, delivery__isnull=False)
    event = heard.order_by("-received_at").first()
    swept = Cursor.objects.filter(organisation=organisation).order_by("-last_swept_at")
    swept_at = swept.exclude(last_swept_at=None).values_list("last_swept_at", flat=True).first()
    run = SyncRun.objects.filter(organisation=organisation).order_by("-requested_at").first()
    found = [
        facts.Fact(
            "Last instant update",
            "" if event else _none_heard(connection, now),
            event.received_at if event else None,
        ),
        facts.Fact("Last regular check", "" if swept_at else "Not finished yet", swept_at),
        _regular_checks(),
        facts.Fact(
            "Last re-sync",
            str(run.get_state_display()) if run else "None yet",
            (run.finished_at or run.requested_at) if run else None,
        ),
    ]
    if connection.state in LIVE:
        found += _start(organisation)
        found += contact_words.facts_of(connection.portal, organisation)
        found += _obstacles(organisation.pk, now=now)
        found += other_news.facts_of(organisation)
    found += completeness.facts_of(organisation)
    found += balance_words.facts_of(organisation)
    if words := channel_health.unhealthy_in_words(organisation.pk):
        found.append(facts.Fact("Instant updates", words, next_step=_BY_SWEEP))
    return found


def _none_heard(connection: Connection, now: datetime) -> str:
    """Return how long no event has come: older ones are not kept."""
    days = settings.WEBHOOK_DAYS
    since = connection.connected_at
    if days and since is not None and since < now - timedelta(days=days):
        return f"None in {days} days"
    return "None yet"


def _start(organisation: Organisation) -> list[facts.Fact]:
    """Return what a person does first, until somebody has let learners be sent."""
    if push_gate.is_open(organisation):
        return []
    if push_gate.contacts_are_read(organisation):
        words = "Not sent to Xero yet; the contacts in Xero are read"
        step = "Check learners against Xero, then start sending them. Until then nothing is sent."
    else:
        words = "Not sent to Xero yet; the contacts in Xero are being read"
        step = (
            "Wait until the contacts in Xero are read, check learners against them, then start "
            "sending them. Until then nothing is sent."
        )
    return [facts.Fact("Learners", words, next_step=step)]


def _regular_checks() -> facts.Fact:
    """Return how late a change may be here of which Xero sends no instant update."""
    interval = channel_health.longest_interval()
    is_rare = interval > channel_health.LONGEST_STRETCHED
    why = "so that the calls of a day last" if is_rare else "should an instant update be lost"
    words = f"{channel_health.in_words(interval)}, {why}"
    return facts.Fact("Regular checks", words[0].upper() + words[1:])


def _obstacles(organisation_id: int, *, now: datetime) -> list[facts.Fact]:
    """Return why sweeps wait, where one does not get through."""
    late = unread.late_cursors(unread.waiting_cursors(organisation_id), now=now)
    return [
        facts.Fact("Waiting", f"{problem}.")
        for problem in dict.fromkeys(cursor.problem for cursor in late)
    ]


def give_action(
    request: access.SignedInRequest, connection: Connection, now: datetime
) -> SafeString | None:
    """Return the one button that is right now; none while the first sync goes on."""
    organisation = connection.organisation
    if organisation is None or not permissions.may_manage_connected_apps(request.user):
        return None
    cancelled = first_sync.cancelled(organisation.pk)
    is_start_due = not push_gate.is_open(organisation)
    if first_sync.is_behind(organisation.pk) and cancelled is None and not is_start_due:
        return None
    context = {
        "is_start_due": is_start_due,
        "cancelled": cancelled if cancelled and resumption.is_offered(cancelled) else None,
    }
    return render_to_string("xero_sync/action.html", context, request)


def give_menu(
    request: access.SignedInRequest, connection: Connection, now: datetime
) -> SafeString | None:
    """Return the way to re-syncs and to contacts; those who may not act read these pages too."""
    organisation = connection.organisation
    if organisation is None:
        return None
    context = {"waiting": contact_words.waiting(connection.portal, organisation)}
    return render_to_string("xero_sync/menu.html", context, request)


def give_panel(
    request: access.SignedInRequest, connection: Connection, now: datetime
) -> SafeString | None:
    """Return what could not be saved and why, or None where nothing is."""
    aside = QuarantinedDocument.objects.filter(organisation=connection.organisation).defer("raw")
    count = aside.count()
    if not count:
        return None
    context = {
        "quarantined": aside.order_by("-last_tried_at", "id")[:MOST_SHOWN],
        "quarantined_count": count,
    }
    return render_to_string("xero_sync/quarantine.html", context, request)
