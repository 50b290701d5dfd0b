"""The fragment that keeps Learner > Xero Invoices live."""

import datetime

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from connected_apps.models import Organisation
from invoices.models import Kind
from lrm.models import Learner
from tests.support import document_builders, page_reading

pytestmark = pytest.mark.django_db


def test_live_fragment_is_empty_until_something_changes_and_then_marks_it(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    document = document_builders.make_document(
        organisation, contact_xero_id=contact, number="INV-1"
    )
    document_builders.make_document(organisation, contact_xero_id=contact, number="INV-2")
    address = page_reading.live_address(page_reading.page_of(client, learner))

    unchanged = client.get(address)
    document.status, document.amount_due = "PAID", 0
    document.synced_at = document_builders.NOW + datetime.timedelta(seconds=5)
    document.save()
    changed = client.get(address)
    html = changed.content.decode()
    settled = client.get(page_reading.live_address(html))

    assert (unchanged.status_code, unchanged.content) == (204, b"")
    assert changed.status_code == 200
    assert html.count("is-changed") == 1
    assert "Changed: INV-1: Paid." in html
    assert settled.status_code == 204


def test_live_fragment_keeps_filter_and_page(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    document_builders.make_document(organisation, contact_xero_id=contact, number="INV-1")
    document_builders.make_document(
        organisation, contact_xero_id=contact, kind=Kind.CREDIT_NOTE, number="CN-1"
    )

    address = page_reading.live_address(page_reading.page_of(client, learner, kind="CREDIT_NOTE"))
    html = client.get(address.replace("version=", "version=0")).content.decode()

    assert "CN-1" in html
    assert html.count('scope="row"') == 1


def test_live_question_costs_few_queries_when_nothing_changed(
    client: Client,
    organisation: Organisation,
    learner: Learner,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    document_builders.make_document(organisation, contact_xero_id=contact)
    address = page_reading.live_address(page_reading.page_of(client, learner))

    # Session, user, portal, learner, connection, links, one aggregate of the own documents and one
    # of those billed to others.
    with django_assert_max_num_queries(8):
        assert client.get(address).status_code == 204


def test_many_changes_at_once_are_announced_by_their_number(
    client: Client, organisation: Organisation, learner: Learner
) -> None:
    contact = document_builders.make_linked(learner, organisation)
    first = document_builders.make_document(organisation, contact_xero_id=contact)
    address = page_reading.live_address(page_reading.page_of(client, learner))
    for _ in range(4):
        document_builders.make_document(
            organisation,
            contact_xero_id=contact,
            synced_at=first.synced_at + datetime.timedelta(seconds=1),
        )

    html = client.get(address).content.decode()

    assert "4 documents changed." in html
    assert html.count("is-changed") == 4
