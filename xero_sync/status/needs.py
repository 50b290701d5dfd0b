"""What waits for a portal admin's decision, as the dashboard lists it, each with its next step."""

from dataclasses import dataclass

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from connected_apps import queries as connections
from connected_apps.card import card
from connected_apps.models import Connection, Organisation, State
from connected_apps.states.states import LIVE
from lrm import access, panels, permissions
from xero_sync import resources
from xero_sync.contact_tabs import tab_counts
from xero_sync.contact_tabs.listings import Count
from xero_sync.contacts import push_gate
from xero_sync.models import Cursor, QuarantinedDocument
from xero_sync.runs import first_sync
from xero_sync.status import completeness, figures


@dataclass(frozen=True, slots=True)
class Need:
    """One thing that waits for a person; `look` is that of a status.

    :param url: where the reader can do something about it; empty where others have to.
    """

    look: str
    title: str
    detail: str
    url: str = ""
    act: str = ""


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
    may_manage = permissions.may_manage_connected_apps(request.user)
    context = {
        "needs": needs_of(connection, may_manage=may_manage),
        "counted": _counted(connection),
    }
    return render_to_string("xero_sync/needs.html", context, request=request)


def needs_of(connection: Connection | None, *, may_manage: bool) -> list[Need]:
    """Return what waits for a portal admin, the most urgent first.

    :param may_manage: whether this person may act; the others read the same, without a way to
        pages that are not theirs.
    """
    if connection is None or connection.organisation is None:
        return [
            Need(
                "busy",
                "Connect Xero",
                "Invoices appear here once Xero is connected.",
                reverse("connected_apps"),
                "Connect",
            )
        ]
    organisation = connection.organisation
    return [
        *_of_connection(connection, organisation, may_manage=may_manage),
        *_of_contacts(connection, organisation),
        *_of_documents(organisation),
    ]


def _of_connection(
    connection: Connection, organisation: Organisation, *, may_manage: bool
) -> list[Need]:
    """Return what keeps Xero from being read or learners from being sent."""
    address = reverse("connected_apps")
    if connection.state not in LIVE:
        return [
            Need("bad", "Reconnect Xero", "Nothing is synced until then.", address, "Reconnect")
        ]
    needs = []
    if missing := card.missing_permissions(connection, State(connection.state)):
        detail = f"Xero has not yet allowed: {'; '.join(missing)}."
        needs.append(Need("warn", "Xero needs a permission", detail, address, "Reconnect"))
    if first_sync.cancelled(organisation.pk):
        needs.append(
            Need(
                "warn",
                "The first sync was cancelled",
                "Older documents are missing. New changes still arrive.",
                reverse("resync"),
                "Continue" if may_manage else "See it",
            )
        )
    if not push_gate.is_open(organisation) and push_gate.contacts_are_read(organisation):
        needs.append(_not_sent(may_manage=may_manage))
    return needs


def _not_sent(*, may_manage: bool) -> Need:
    title = "Learners are not sent to Xero yet"
    if may_manage:
        detail = "Check them against the contacts in Xero, then start."
        return Need("warn", title, detail, reverse("contacts_start"), "Check")
    return Need("warn", title, "A portal admin with an LRM role can check and start them.")


def _of_contacts(connection: Connection, organisation: Organisation) -> list[Need]:
    questions, refused = tab_counts.waiting(connection.portal, organisation)
    contacts = reverse("xero_contacts")
    needs = []
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
    return needs


def _of_documents(organisation: Organisation) -> list[Need]:
    """Return what is not here as it is in Xero."""
    needs = []
    unsaved = QuarantinedDocument.objects.filter(organisation=organisation).count()
    if unsaved:
        needs.append(
            Need(
                "warn",
                f"{unsaved:,} document{'s' if unsaved > 1 else ''} could not be saved",
                "They are tried again every day; the card says why.",
                reverse("connected_apps"),
                "See them",
            )
        )
    if completeness.standing_count(organisation):
        needs.append(
            Need(
                "warn",
                "Documents differ from Xero",
                "Fix them in Xero where they are wrong there, then re-sync their days.",
                reverse("resync"),
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
