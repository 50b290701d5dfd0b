"""What is asked of Xero, and of the rule of identity, before a learner is sent.

Whatever Xero answers is mirrored, and the links are derived from it, in one transaction; then the
rule says who may be written to, who has to wait, and for what.
"""

from collections.abc import Sequence

from django.db import transaction

from connected_apps.models import Organisation
from xero_sync.api import client, responses, sessions
from xero_sync.contacts import archived_contacts, name_holders, obstacles, ownership, push_rows
from xero_sync.contacts.contact_fields import contact_of
from xero_sync.contacts.obstacles import Obstacle
from xero_sync.jobs import leases
from xero_sync.models import ContactPush
from xero_sync.resources import Resource
from xero_sync.store import contact_links, contact_merges, page_store

# Of merges whose winners are asked for one after the other; longer ones are left to the sweeps.
_LONGEST_CHAIN = 5


def settle_doubts(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
) -> None:
    """Ask Xero for what may have been made although no reply came, and give it to its learner."""
    in_doubt = [push for push in batch if ownership.is_in_doubt(push)]
    if not in_doubt:
        return
    by_number(session, organisation, [ownership.number_sent(push) for push in in_doubt], clock)
    with transaction.atomic():
        ownership.take_made(organisation, in_doubt, now=clock())


def owned(
    organisation: Organisation, batch: list[ContactPush], clock: leases.Clock
) -> list[ContactPush]:
    """Return those with a contact that they may write to; let those wait that may not."""
    waiting = _aside(ownership.own_contacts(organisation, batch), clock)
    return [push for push in batch if push.contact_xero_id and push.pk not in waiting]


def checked(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
) -> list[ContactPush]:
    """Look in Xero at contacts that we did not make; return those who may write to theirs.

    A push whose contact is not its learner's after all has none any more.
    """
    made = ownership.made_by_us(organisation, batch)
    first = [push for push in batch if push.learner_id not in made]
    ids = [push.contact_xero_id for push in first if push.contact_xero_id]
    for some in client.batches(Resource.CONTACT, ids):
        mirror(organisation, session.by_ids(Resource.CONTACT, some), clock)
    strangers = ownership.disagreeing(organisation, first)
    ownership.forget(strangers)
    for push in first:
        # What Xero was told of the learner, it was told of another contact.
        push.sent_digest = None
    return [push for push in batch if push not in strangers]


def still_active(
    session: sessions.Session,
    organisation: Organisation,
    refused: list[ContactPush],
    clock: leases.Clock,
) -> list[ContactPush]:
    """Look at contacts of which Xero refused a change; return the pushes of those still active.

    One whose contact was archived or merged meanwhile goes again, to what its learner has now.
    """
    ids = {push.contact_xero_id for push in refused if push.contact_xero_id}
    for _ in range(_LONGEST_CHAIN):
        for some in client.batches(Resource.CONTACT, sorted(ids)):
            mirror(organisation, session.by_ids(Resource.CONTACT, some), clock)
        # What they were merged into, where that is not stored yet.
        learner_ids = [push.learner_id for push in refused]
        _, more = contact_merges.followed_rows(organisation, learner_ids)
        if not (ids := more - ids):
            break
    archived = archived_contacts.of(organisation, refused)
    push_rows.go_again(archived)
    return [push for push in refused if push not in archived]


def free(
    organisation: Organisation, batch: list[ContactPush], clock: leases.Clock
) -> list[ContactPush]:
    """Return those without a contact whose number nobody has in Xero; let the others wait."""
    without = [push for push in batch if push.contact_xero_id is None]
    return without_obstacle(organisation, without, clock)


def without_obstacle(
    organisation: Organisation, batch: list[ContactPush], clock: leases.Clock
) -> list[ContactPush]:
    """Return those whose number nobody else has in Xero; let the others wait."""
    with transaction.atomic():
        # Else what stands in the way could go just before it is noted.
        contact_links.hold([organisation.tenant_id])
        waiting = _aside(ownership.obstacles(organisation, batch), clock)
    return [push for push in batch if push.pk not in waiting]


def by_number(
    session: sessions.Session,
    organisation: Organisation,
    numbers: Sequence[str],
    clock: leases.Clock,
) -> None:
    """Ask Xero for contacts with these numbers, and mirror what it has."""
    for some in client.number_batches(numbers):
        mirror(organisation, session.contacts_by_number(some), clock)


def namesakes(
    session: sessions.Session,
    organisation: Organisation,
    refused: list[ContactPush],
    clock: leases.Clock,
) -> tuple[list[ContactPush], list[ContactPush]]:
    """Return those whose name is surely somebody else's, and those whose name nobody has.

    The others wait: whoever has their name may be the same person.
    """
    holders = name_holders.find(session, organisation, _names(refused), clock)
    with transaction.atomic():
        contact_links.hold([organisation.tenant_id])
        verdicts = name_holders.verdicts(organisation, refused, holders)
        asked = [
            Obstacle(push, holders[push.learner_id].xero_id, verdicts[push.learner_id].why)
            for push in refused
            if push.learner_id in verdicts and verdicts[push.learner_id].is_question
        ]
        waiting = _aside(asked, clock)
    rest = [push for push in refused if push.pk not in waiting]
    return (
        [push for push in rest if push.learner_id in verdicts],
        [push for push in rest if push.learner_id not in verdicts],
    )


def renamed_like_others(
    session: sessions.Session,
    organisation: Organisation,
    refused: list[ContactPush],
    clock: leases.Clock,
) -> tuple[list[ContactPush], list[ContactPush]]:
    """Return those with a contact of their own whose new name another contact has, and the rest."""
    holders = name_holders.find(session, organisation, _names(refused), clock)
    namesakes = [
        push
        for push in refused
        if push.learner_id in holders and holders[push.learner_id].xero_id != push.contact_xero_id
    ]
    return namesakes, [push for push in refused if push not in namesakes]


def _names(batch: list[ContactPush]) -> dict[int, str]:
    return {push.learner_id: str(contact_of(push.learner).get("Name", "")) for push in batch}


def _aside(found: list[Obstacle], clock: leases.Clock) -> set[int]:
    """Let pushes with an obstacle wait, and return which."""
    obstacles.put_aside(found, now=clock())
    return {each.push.pk for each in found}


def mirror(organisation: Organisation, page: responses.Page, clock: leases.Clock) -> None:
    """Store what Xero answered, with all that follows from it."""
    with transaction.atomic():
        page_store.store(
            organisation_id=organisation.pk, resource=Resource.CONTACT, page=page, now=clock()
        )
