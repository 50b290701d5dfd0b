"""Whoever changes many rows takes them in one order, so that two never wait for each other."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import pytest
from django.db import transaction

from connected_apps.models import Connection
from lrm.models import Learner, Portal
from lrm.roster import learner_batches
from tests.support import builders, crossing, document_builders, learners
from tests.support.linked import Linked, clock
from xero_sync import signal_handlers
from xero_sync.contacts import push_queue, push_rows, unsent_learners
from xero_sync.jobs import leases
from xero_sync.models import ContactPush, EventState, PushState, WebhookEvent
from xero_sync.store import contact_links
from xero_sync.webhooks import event_processing

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


@pytest.fixture
def two(transactional_db: None, portal: Portal) -> Sequence[Learner]:
    """Two learners on their way to Xero, of whom the first lies behind the second in the table."""
    both = [builders.make_learner(portal, number=f"L{at}", sync_to_xero=True) for at in (1, 2)]
    with transaction.atomic():
        push_queue.request_many(learners=both, now=NOW)
    ContactPush.objects.filter(learner=both[0]).update(problem="")
    return both


def _move(portal: Portal, both: Sequence[Learner]) -> None:
    rows = [
        learner_batches.LearnerRow(learner_id=each.pk, values={"city": "Dubbo"}) for each in both
    ]
    learner_batches.save_learners(portal=portal, rows=rows, by=None, now=NOW)


def test_worker_about_to_send_and_people_who_save_the_same_learners_end(
    portal: Portal, two: Sequence[Learner]
) -> None:
    waiting = ContactPush.objects.select_related("learner").order_by("pk")
    batch = leases.take_many(waiting, most=50, now=NOW)
    sends = crossing.with_plan(partial(push_rows.mark_sent, batch, NOW), by_index=False)

    crossing.meet(
        sends, partial(_move, portal, two), kept=ContactPush.objects.filter(learner=two[1])
    )

    versions = ContactPush.objects.values_list("state", "version", "sent_version")
    assert set(versions) == {(PushState.PENDING, 2, 1)}


def test_contacts_that_are_stored_and_learners_sent_again_end(
    portal: Portal, two: Sequence[Learner]
) -> None:
    organisation = document_builders.make_organisation(portal)
    contact = document_builders.make_contact(organisation, number="9")
    ContactPush.objects.update(state=PushState.QUESTION, candidate_xero_id=contact.xero_id)
    ContactPush.objects.filter(learner=two[0]).update(problem="")

    @transaction.atomic
    def stores() -> None:
        contact_links.derive_for_contacts(
            organisation_id=organisation.pk, contact_ids=[contact.xero_id], now=NOW
        )

    @transaction.atomic
    def sends_again() -> None:
        unsent_learners.send_again(
            portal_id=portal.pk, learner_ids=[each.pk for each in two], now=NOW
        )

    crossing.meet(
        crossing.with_plan(stores, by_index=False),
        crossing.with_plan(sends_again, by_index=True),
        kept=ContactPush.objects.filter(learner=two[1]),
    )

    assert set(ContactPush.objects.values_list("state", flat=True)) == {PushState.PENDING}


def test_events_that_let_a_push_go_on_and_a_connection_made_anew_end(linked: Linked) -> None:
    learner = learners.save(linked, number="L1", family_name="Kelly", sync_to_xero=True)
    linked.push()
    contact_id = uuid.UUID(learners.contacts_numbered(linked, "L1")[0]["contact_id"])
    ContactPush.objects.filter(learner=learner).update(
        state=PushState.QUESTION, candidate_xero_id=contact_id
    )
    WebhookEvent.objects.all().delete()
    event = WebhookEvent.objects.create(
        organisation=linked.organisation,
        category="CONTACT",
        event_type="UPDATE",
        resource_id=contact_id,
        received_at=clock(),
    )
    # As it is when somebody has changed it in Xero.
    linked.world.do(
        "contacts", tenant=linked.tenant, act="update", id=str(contact_id), email="k@example.com"
    )
    connection = Connection.objects.get(pk=linked.connection.pk)

    @transaction.atomic
    def connects() -> None:
        signal_handlers.on_connected(connection, same_organisation=False)

    crossing.meet(
        partial(
            event_processing.fetch_pending, organisation_id=linked.organisation.pk, clock=clock
        ),
        connects,
        kept=WebhookEvent.objects.filter(pk=event.pk),
    )

    event.refresh_from_db()
    assert event.state == EventState.DONE
