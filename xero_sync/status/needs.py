"""What waits for a portal admin's decision, as the dashboard lists it, each with its next step."""

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from connected_apps import queries as connections
from connected_apps.models import Connection
from connected_apps.states.states import LIVE
from lrm import access, panels, permissions
from xero_sync import resources
from xero_sync.contact_tabs import tab_counts
from xero_sync.contact_tabs.listings import Count
from xero_sync.contacts import push_gate
from xero_sync.models import Cursor, QuarantinedDocument
from xero_sync.status import figures


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for a person; `look` is that of a status."""

    look: str
    title: str
    detail: str
    url: str
    act: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many documents are here of those that Xero counts, at the last count."""

    here: int
    in_xero: int

    @property
    def tenths(self) -> int:
        """How much of a bar is full, of a thousand."""
        return 1000 if not self.in_xero else min(1000, 1000 * self.here // self.in_xero)


def register() -> None:
    """Put the card on the dashboard of portal admins."""
    panels.add_dashboard_panel(
        panels.DashboardPanel(
            name="needs_you", right=permissions.may_see_connected_apps, render=panel, order=20
        )
    )


def panel(request: access.SignedInRequest) -> SafeString | None:
    """Return what waits, and how many documents are here."""
    connection = connections.connection_of(request.portal)
    context = {"needs": needs_of(connection), "counted": _counted(connection)}
    return render_to_string("xero_sync/needs.html", context, request=request)


def needs_of(connection: Connection | None) -> list[Need]:
    """Return what waits for a portal admin, the most urgent first."""
    card = reverse("connected_apps")
    if connection is None or connection.organisation is None:
        return [
            Need(
                "busy",
                "Connect Xero",
                "Invoices appear here once Xero is connected.",
                card,
                "Connect",
            )
        ]
    organisation = connection.organisation
    needs = []
    if connection.state not in LIVE:
        needs.append(
            Need("bad", "Reconnect Xero", "Nothing is synced until then.", card, "Reconnect")
        )
    elif not push_gate.is_open(organisation) and push_gate.contacts_are_read(organisation):
        needs.append(
            Need(
                "warn",
                "Learners are not sent to Xero yet",
                "Check them against the contacts in Xero, then start.",
                reverse("contacts_start"),
                "Check",
            )
        )
    questions, refused = tab_counts.waiting(connection.portal, organisation)
    contacts = reverse("xero_contacts")
    if refused.number:
        needs.append(
            Need(
                "bad",
                f"{_many(refused, 'learner')} refused by Xero",
                "Each with Xero's own words, and what to change.",
                f"{contacts}?tab=refused",
                "See them",
            )
        )
    if questions.number:
        needs.append(
            Need(
                "warn",
                f"{_many(questions, 'question')} about contacts",
                "Whether a contact in Xero is the learner.",
                f"{contacts}?tab=questions",
                "Answer",
            )
        )
    unsaved = QuarantinedDocument.objects.filter(organisation=organisation).count()
    if unsaved:
        needs.append(
            Need(
                "warn",
                f"{unsaved:,} document{'s' if unsaved > 1 else ''} could not be saved",
                "They are tried again every day; the card says why.",
                card,
                "See them",
            )
        )
    return needs


def _many(count: Count, noun: str) -> str:
    return f"{count} {noun}{'' if count.number == 1 else 's'}"


def _counted(connection: Connection | None) -> Counted | None:
    if connection is None or connection.organisation is None:
        return None
    cursors = list(
        Cursor.objects.filter(
            organisation=connection.organisation,
            resource__in=resources.DOCUMENTS,
            counted_at__isnull=False,
        )
    )
    here, in_xero = figures.of_counts(cursors)
    if in_xero is None or len(cursors) < len(resources.DOCUMENTS):
        return None
    return Counted(here, in_xero)
