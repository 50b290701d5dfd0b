"""Sending learners: never twice, never over a stranger.

`ownership` knows whose contact is whose. First those with a contact are updated, by ContactID, with
the fields that the LRM owns and nothing else; so a number that one learner hands on is free by the
time the next one's contact is made. A contact that we did not make is looked at in Xero before it
is written over for the first time. A new contact is made by PUT, which refuses an existing name or
number where POST would silently overwrite. What stands in the way is kept with the push
(`obstacles`). Where a reply may have been lost, Xero is asked before anything is sent again.
"""

from connected_apps.models import Organisation
from xero_sync.api import errors, sessions
from xero_sync.contacts import contact_updates, look_ups, obstacles, push_rows
from xero_sync.contacts.contact_fields import contact_of
from xero_sync.jobs import leases
from xero_sync.models import ContactPush


def send(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
) -> None:
    """Send a batch: create, update or leave each learner's contact as it needs.

    :raises errors.XeroError: the rows stay as they are, to be tried again.
    """
    batch = look_ups.settle_doubts(session, organisation, batch, clock)
    owned = look_ups.owned(organisation, batch, clock)
    if to_update := look_ups.checked(session, organisation, owned, clock):
        contact_updates.update(session, organisation, to_update, clock)
    if to_create := look_ups.free(organisation, batch, clock):
        _create(session, organisation, to_create, clock)


def _create(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
    *,
    unique_names: bool = False,
) -> None:
    if not batch:
        return
    contacts = [contact_of(push.learner, unique_name=unique_names) for push in batch]
    key = push_rows.mark_sent(batch, clock())
    try:
        page = session.create_contacts(contacts, idempotency_key=key)
    except errors.Rejected as error:
        for half in push_rows.halves(batch, error, clock()):
            _create(session, organisation, half, clock, unique_names=unique_names)
        return
    if refused := push_rows.take_answers(session, organisation, batch, contacts, page, clock()):
        _mend_refused(session, organisation, refused, clock, unique_names=unique_names)


def _mend_refused(
    session: sessions.Session,
    organisation: Organisation,
    refused: list[ContactPush],
    clock: leases.Clock,
    *,
    unique_names: bool,
) -> None:
    """Find out who has the name or the number, and do what the rule of identity says."""
    refused = look_ups.by_number(session, organisation, refused, clock)
    if found := look_ups.owned(organisation, refused, clock):
        contact_updates.update(session, organisation, found, clock)
    clashing = look_ups.free(organisation, refused, clock)
    if clashing and not unique_names:
        namesakes, clashing = look_ups.namesakes(session, organisation, clashing, clock)
        _create(session, organisation, namesakes, clock, unique_names=True)
    obstacles.explain(organisation, clashing)
    push_rows.refuse(clashing, now=clock())
