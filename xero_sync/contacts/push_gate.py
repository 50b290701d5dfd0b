"""Whether learners are sent to an organisation at all: only once a person has started it.

A Xero with years of contacts is looked over first (`dry_run`). Saving a learner notes what it needs
all the same, and nothing is lost; `push_queue` asks here before it takes any of it, and nobody else
sends. `push_start` opens it.
"""

from django.db.models import QuerySet

from connected_apps.models import Connection, Organisation
from connected_apps.queries import current_organisation, xero_connections
from connected_apps.states.states import LIVE
from lrm import access, permissions
from lrm.models import Portal
from xero_sync.models import Cursor, PushStart
from xero_sync.resources import Resource


def open_connections() -> QuerySet[Connection]:
    """Return the connections over which learners are sent: those that work and were started."""
    return xero_connections().filter(state__in=LIVE, organisation__push_start__isnull=False)


def started_portals() -> QuerySet[Connection, int]:
    """Return the portals that were let send to the organisation they point to, broken or not."""
    started = xero_connections().filter(organisation__push_start__isnull=False)
    return started.values_list("portal_id", flat=True)


def is_open(organisation: Organisation) -> bool:
    """Return whether learners are sent to an organisation."""
    return PushStart.objects.filter(organisation=organisation).exists()


def start_of(organisation: Organisation) -> PushStart | None:
    """Return who started it and when; None where nobody has."""
    return PushStart.objects.filter(organisation=organisation).first()


def is_started(portal: Portal) -> bool:
    """Return whether learners are sent to the organisation that the portal is connected to."""
    organisation = current_organisation(portal)
    return organisation is not None and is_open(organisation)


def contacts_are_read(organisation: Organisation) -> bool:
    """Return whether all contacts were read once, so that each learner can be looked for."""
    return Cursor.objects.filter(
        organisation=organisation, resource=Resource.CONTACT, last_swept_at__isnull=False
    ).exists()


def waiting(organisation: Organisation | None) -> str:
    """Return why nothing is sent to an organisation yet; empty where it is, or without one."""
    if organisation is None or is_open(organisation):
        return ""
    return waiting_in_words(organisation.portal)


def waiting_in_words(portal: Portal) -> str:
    """Return why nothing is sent yet, and who can change that, as a sentence for people."""
    people = access.people_with(permissions.may_manage_connected_apps, portal=portal)
    if len(people) == 1:
        return f"Waiting: {people[0]} has not started sending learners to Xero yet."
    words = "Waiting: sending learners to Xero has not been started yet."
    return f"{words} You can ask {' or '.join(map(str, people))}." if people else words
