"""What the Xero card on Connected Apps shows of the sync: its last acts and the calls left."""

from datetime import datetime, timedelta
from uuid import UUID

import redis
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from connected_apps.card import facts
from connected_apps.models import Connection, Organisation
from connected_apps.states.states import LIVE
from lrm import access, panels, permissions
from xero_sync.api import rate_limiter
from xero_sync.contacts import push_gate
from xero_sync.models import Cursor, QuarantinedDocument, SyncRun, WebhookEvent
from xero_sync.status import balance_words, completeness, contact_words, gaps, readiness, unread
from xero_sync.webhooks import channel_health

MOST_SHOWN = 50
_BY_SWEEP = (
    "Changes arrive by sweep instead of by webhook, so a little later; the Xero card says what an "
    "operator can do."
)


def register() -> None:
    """Put the sync's facts, its action and its panel on the card."""
    facts.register_facts(give_facts)
    facts.register_action(give_action)
    facts.register_panel(give_panel)
    facts.register_panel(balance_words.give_panel)
    facts.register_unread(unread.line_of)
    gaps.register()
    panels.add_readiness_check(panels.ReadinessCheck(name="xero_sync", check=readiness.ages))


def give_facts(connection: Connection, now: datetime) -> list[facts.Fact]:
    """Return when each channel last brought something, and today's calls."""
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
            "Last webhook", "" if event else "None yet", event.received_at if event else None
        ),
        facts.Fact("Last sweep", "" if swept_at else "Not finished yet", swept_at),
        *_slower_sweeps(),
        facts.Fact(
            "Last re-sync",
            str(run.get_state_display()) if run else "None yet",
            (run.finished_at or run.requested_at) if run else None,
        ),
    ]
    if connection.state in LIVE:
        found += _start(organisation)
        found.append(_calls(organisation.tenant_id))
        found += contact_words.facts_of(connection.portal, organisation)
        found += _obstacles(organisation.pk, now=now)
    found += completeness.facts_of(organisation)
    found += balance_words.facts_of(organisation)
    if words := channel_health.unhealthy_in_words(organisation.pk):
        found.append(facts.Fact("Webhooks", words, next_step=_BY_SWEEP))
    aside = QuarantinedDocument.objects.filter(organisation=organisation).count()
    if aside:
        found.append(
            facts.Fact("Set aside", f"{aside} could not be stored; the list below says why")
        )
    return found


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


def _slower_sweeps() -> list[facts.Fact]:
    """Return how often sweeps come, where the day's limit makes them rarer than was wished for."""
    interval = channel_health.usual_interval()
    if interval <= timedelta(seconds=settings.XERO_SWEEP_SECONDS):
        return []
    words = f"{channel_health.in_words(interval)}, so that the calls of a day last"
    return [facts.Fact("Sweeps", words[0].upper() + words[1:])]


def _obstacles(organisation_id: int, *, now: datetime) -> list[facts.Fact]:
    """Return why sweeps wait, where one does not get through."""
    late = unread.late_cursors(organisation_id, now=now)
    return [
        facts.Fact("Waiting", f"{problem}.", is_obstacle=True)
        for problem in dict.fromkeys(cursor.problem for cursor in late)
    ]


def _calls(tenant_id: UUID) -> facts.Fact:
    try:
        books = rate_limiter.shared().books_of(tenant_id)
    except redis.RedisError:
        return facts.Fact("Calls to Xero today", "Not known at the moment")
    return facts.Fact("Calls to Xero today", f"{books.day_used:,} used, {books.day_left:,} left")


def give_action(
    request: access.SignedInRequest, connection: Connection, now: datetime
) -> SafeString:
    """Return the links: to the check before a first start, to re-syncs and to contacts.

    Those who may not act can read these pages too.
    """
    organisation = connection.organisation
    context = {
        "is_start_due": organisation is not None and not push_gate.is_open(organisation),
        "is_live": connection.state in LIVE,
        "may_manage": permissions.may_manage_connected_apps(request.user),
        "waiting": contact_words.waiting(connection.portal, organisation) if organisation else "",
    }
    return render_to_string("xero_sync/action.html", context, request)


def give_panel(
    request: access.SignedInRequest, connection: Connection, now: datetime
) -> SafeString | None:
    """Return what was set aside and why, or None where nothing is."""
    aside = QuarantinedDocument.objects.filter(organisation=connection.organisation).defer("raw")
    count = aside.count()
    if not count:
        return None
    context = {
        "quarantined": aside.order_by("-last_tried_at", "id")[:MOST_SHOWN],
        "quarantined_count": count,
    }
    return render_to_string("xero_sync/quarantine.html", context, request)
