"""What is asked of Xero, and of the rule of identity, before a learner is sent.

Whatever Xero answers is mirrored, and the links are derived from it, in one transaction; then the
rule says who may be written to, who has to wait, and for what. A learner whom Xero cannot look up
is parked alone, with Xero's own words.
"""

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import transaction

from connected_apps.models import Organisation
from invoices.models import Contact, ReadBy
from xero_sync import fetched_pages
from xero_sync.api import client, json_codec, responses, sessions
from xero_sync.contacts import (
    archived_contacts,
    contact_overlay,
    name_holders,
    narrowing,
    number_holders,
    obstacles,
    ownership,
    push_rows,
)
from xero_sync.contacts.contact_fields import contact_of
from xero_sync.contacts.obstacles import Obstacle
from xero_sync.jobs import leases
from xero_sync.models import ContactPush, PushState
from xero_sync.resources import Resource
from xero_sync.store import contact_links, contact_merges

# Of merges whose winners are asked for one after the other; longer ones are left to the sweeps.
_LONGEST_CHAIN = 5
# So many doubts are settled together: where each costs a call, a limit must not undo them all.
_DOUBTS_AT_ONCE = 10


def settle_doubts(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
) -> list[ContactPush]:
    """Ask Xero for what may have been made although no reply came, and give it to its learner.

    Return those who can go on.
    """
    in_doubt = [push for push in batch if ownership.is_in_doubt(push)]
    if not in_doubt:
        return batch
    settled: list[ContactPush] = []
    for start in range(0, len(in_doubt), _DOUBTS_AT_ONCE):
        some = by_number(session, organisation, in_doubt[start : start + _DOUBTS_AT_ONCE], clock)
        with transaction.atomic():
            session.check_generation()
            ownership.take_made(organisation, some, now=clock())
            _note_settled(some, clock)
        settled += some
    return [push for push in batch if push in settled or push not in in_doubt]


def _note_settled(batch: list[ContactPush], clock: leases.Clock) -> None:
    """Note that pushes are in doubt no more, should a limit end this turn before they are sent."""
    if not batch:
        return
    for push in batch:
        push.state = PushState.PENDING
    leases.update_leased(*batch, leased_until=clock() + leases.LEASE, state=PushState.PENDING)


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

    Also at those whose phones or address are about to change: somebody may have added to them.
    A push whose contact is not its learner's after all has none any more.
    """
    made = ownership.made_by_us(organisation, batch)
    first = [push for push in batch if push.learner_id not in made]
    merging = _merging(organisation, [push for push in batch if push not in first])
    unread = _by_id(session, organisation, first + merging, clock)
    first = [push for push in first if push not in unread]
    strangers = ownership.disagreeing(organisation, first)
    ownership.forget(strangers)
    for push in first:
        # What Xero was told of the learner, it was told of another contact.
        push.sent_digest = None
    return [push for push in batch if push not in strangers and push not in unread]


def _merging(organisation: Organisation, batch: list[ContactPush]) -> list[ContactPush]:
    """Return those whose phones or address will be laid over what their contacts have."""
    changed = [push for push in batch if push_rows.is_changed(push)]
    ids = [push.contact_xero_id for push in changed if push.contact_xero_id]
    rows = Contact.objects.filter(organisation=organisation, xero_id__in=ids)
    raws = dict(rows.values_list("xero_id", "raw"))
    return [
        push
        for push in changed
        if push.contact_xero_id
        and contact_overlay.is_laid_over(
            contact_of(push.learner), raws.get(push.contact_xero_id, {})
        )
    ]


def _by_id(
    session: sessions.Session,
    organisation: Organisation,
    batch: list[ContactPush],
    clock: leases.Clock,
) -> list[ContactPush]:
    """Mirror the noted contacts as they are in Xero now; park, and return, whose cannot be read."""
    unread: dict[UUID, str] = {}
    ids = [push.contact_xero_id for push in batch if push.contact_xero_id]
    for some in client.batches(Resource.CONTACT, ids):
        pages, faults = narrowing.ask(some, lambda ids: session.by_ids(Resource.CONTACT, ids))
        mirror(session, organisation, pages, clock)
        unread |= faults
    at_fault = [push for push in batch if push.contact_xero_id in unread]
    for push in at_fault:
        words = unread[push.contact_xero_id] if push.contact_xero_id else ""
        push_rows.park(
            push, f"Xero could not show the contact: {words} Saving the learner sends it again."
        )
    return at_fault


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
            mirror(session, organisation, [session.by_ids(Resource.CONTACT, some)], clock)
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
    batch: list[ContactPush],
    clock: leases.Clock,
) -> list[ContactPush]:
    """Ask Xero for contacts with the numbers of these, and mirror what it has.

    Of one in doubt it is the number that was sent. Return those whom Xero could look up.
    """
    numbers = [ownership.number_sent(push) for push in batch]
    pages, unread = number_holders.ask(session, numbers)
    mirror(session, organisation, pages, clock)
    _derive_anew(session, organisation, pages, numbers, clock)
    for push in batch:
        number = ownership.number_sent(push)
        if number in unread:
            push_rows.park(push, _not_looked_up(push, number, unread[number]))
    return [push for push in batch if ownership.number_sent(push) not in unread]


def _derive_anew(
    session: sessions.Session,
    organisation: Organisation,
    pages: Iterable[responses.Page],
    numbers: Sequence[str],
    clock: leases.Clock,
) -> None:
    """Look anew at whose the contacts are that Xero showed, those that were stored before as well.

    Links are derived where something is stored. What else they hang on may have changed unseen, as
    where a worker was killed on the way, and a learner who is refused would stay so for ever.
    Where Xero shows one of several that share a number, the others are as they are stored.
    """
    named = (json_codec.uuid_or_none(one.get("ContactID")) for p in pages for one in p.elements)
    stored = Contact.objects.filter(organisation=organisation, contact_number__in=numbers)
    shown = sorted({*(each for each in named if each), *stored.values_list("xero_id", flat=True)})
    if not shown:
        return
    with transaction.atomic():
        session.check_generation()
        contact_links.hold([organisation.tenant_id])
        contact_links.derive_everywhere(organisation, shown, now=clock())


def _not_looked_up(push: ContactPush, number: str, words: str) -> str:
    if number == push.learner.number:
        return (
            f"Xero could not look up the number {number}: {words} "
            "Give the learner another number; saving sends it again."
        )
    return (
        f"Nobody knows whether Xero made a contact with the number {number}, since Xero could not "
        f"look it up: {words} Please look in Xero; saving the learner sends it again."
    )


def namesakes(
    session: sessions.Session,
    organisation: Organisation,
    refused: list[ContactPush],
    clock: leases.Clock,
) -> tuple[list[ContactPush], list[ContactPush]]:
    """Return those whose name is surely somebody else's, and those whose name nobody has.

    The others wait: whoever has their name may be the same person.
    """
    holders, refused = _holders(session, organisation, refused, clock)
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
    holders, refused = _holders(session, organisation, refused, clock)
    namesakes = [
        push
        for push in refused
        if push.learner_id in holders and holders[push.learner_id].xero_id != push.contact_xero_id
    ]
    return namesakes, [push for push in refused if push not in namesakes]


def _holders(
    session: sessions.Session,
    organisation: Organisation,
    refused: list[ContactPush],
    clock: leases.Clock,
) -> tuple[dict[int, Contact], list[ContactPush]]:
    """Return {learner id: who has its name}, and those whom Xero could look up."""
    names = {push.learner_id: str(contact_of(push.learner).get("Name", "")) for push in refused}
    pages, unread = name_holders.ask(session, names.values())
    mirror(session, organisation, pages, clock)
    for push in refused:
        name = names[push.learner_id]
        if name in unread:
            push_rows.park(
                push,
                f"Xero could not look up the name {name}: {unread[name]} "
                "Correct the name; saving sends it again.",
            )
    names = {learner_id: name for learner_id, name in names.items() if name not in unread}
    known = [push for push in refused if push.learner_id in names]
    return name_holders.among(organisation, names, pages), known


def _aside(found: list[Obstacle], clock: leases.Clock) -> set[int]:
    """Let pushes with an obstacle wait, and return which."""
    obstacles.put_aside(found, now=clock())
    return {each.push.pk for each in found}


def mirror(
    session: sessions.Session,
    organisation: Organisation,
    pages: Iterable[responses.Page],
    clock: leases.Clock,
) -> None:
    """Store what Xero answered, with all that follows from it.

    :raises connection_errors.StaleGeneration: the connection has moved on; drop the work.
    """
    for page in pages:
        now = clock()
        with transaction.atomic():
            fetched_pages.store(
                session,
                organisation_id=organisation.pk,
                resource=Resource.CONTACT,
                page=page,
                by=ReadBy.PUSH,
                now=now,
            )
