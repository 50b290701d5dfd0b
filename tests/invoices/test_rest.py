"""Documents and contacts by API: right in each field, narrowed as asked, of one portal alone."""

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connected_apps.models import Organisation
from invoices.models import Document, DocumentMove, Kind, LineItem
from lrm.models import Portal
from tests.support import api_client, builders, document_builders
from tests.support.api_client import Program

pytestmark = pytest.mark.django_db


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    return document_builders.make_organisation(portal)


@pytest.fixture
def program(portal: Portal) -> Program:
    return api_client.program_of(builders.make_user(portal))


def ids(answer: Any) -> list[int]:
    assert answer.status_code == 200, answer.content
    return [one["id"] for one in answer.json()["results"]]


def test_document_says_what_its_page_says(
    program: Program, organisation: Organisation, portal: Portal
) -> None:
    learner = builders.make_learner(portal)
    contact_id = document_builders.make_linked(learner, organisation)
    invoice = document_builders.make_document(
        organisation,
        contact_xero_id=contact_id,
        contact_name="Robin",
        total="1234.5",
        amount_paid="100",
        amount_credited="0.125",
        due_date=datetime.date(2020, 1, 1),
    )
    LineItem.objects.create(
        document=invoice,
        position=1,
        description="Fee",
        quantity=Decimal("1.5000"),
        unit_amount=Decimal("823.0000"),
        line_amount=Decimal("1234.5000"),
    )
    document_builders.make_payment(invoice, "100", reference="EFT")
    credit = document_builders.make_document(
        organisation, kind=Kind.CREDIT_NOTE, total="50", amount_due="49.875"
    )
    document_builders.apply_credit(credit, invoice, "0.125")

    found = program.get(f"documents/{invoice.pk}/").json()

    assert found["number"] == invoice.number
    assert (found["total"], found["amount_paid"]) == ("1234.50", "100.00")
    assert (found["amount_credited"], found["amount_due"]) == ("0.1250", "1134.3750")
    assert found["currency"] == "AUD"
    assert found["status"] == "AUTHORISED"
    assert found["status_in_words"].startswith("Part paid, overdue by")
    assert (found["date"], found["due_date"]) == ("2026-11-20", "2020-01-01")
    assert found["changed_in_xero_at"] == "2026-11-20T01:00:00Z"
    assert found["learners"] == [{"id": learner.pk, "number": learner.number}]
    assert found["contact"]["xero_id"] == str(contact_id)
    (line,) = found["lines"]
    assert (line["quantity"], line["unit_amount"], line["tax_amount"]) == ("1.5", "823.00", None)
    (payment,) = found["payments"]
    assert (payment["amount"], payment["reference"]) == ("100.00", "EFT")
    (application,) = found["applications"]
    assert (application["document_id"], application["amount"]) == (credit.pk, "0.1250")
    # From the credit's side as well: used is what is neither refunded nor left.
    other = program.get(f"documents/{credit.pk}/").json()
    assert (other["amount_credited"], other["amount_due"]) == ("0.1250", "49.8750")
    assert other["applications"][0]["document_id"] == invoice.pk


def test_largest_and_smallest_amounts_are_exact(
    program: Program, organisation: Organisation
) -> None:
    document_builders.make_document(organisation, total="99999999999.99", currency="JPY")
    document_builders.make_document(organisation, total="0", currency="")

    found = {one["total"]: one for one in program.get("documents/").json()["results"]}

    assert found.keys() == {"99999999999.99", "0.00"}
    assert found["99999999999.99"]["currency"] == "JPY"


def test_list_is_narrowed_by_every_filter(
    program: Program, organisation: Organisation, portal: Portal
) -> None:
    learner = builders.make_learner(portal, number="T77")
    contact_id = document_builders.make_linked(learner, organisation)
    later = document_builders.NOW + datetime.timedelta(days=1)
    one = document_builders.make_document(
        organisation,
        kind=Kind.CREDIT_NOTE,
        status="VOIDED",
        number="CN-1",
        contact_xero_id=contact_id,
        date=datetime.date(2026, 3, 1),
        synced_at=later,
    )
    document_builders.make_document(organisation)
    contact = organisation.contacts.get(xero_id=contact_id)

    for query in (
        "kind=CREDIT_NOTE",
        "status=VOIDED",
        "number=CN-1",
        "learner_number=T77",
        f"contact_id={contact.pk}",
        "date_from=2026-02-28&date_to=2026-03-01",
        f"updated_since={later:%Y-%m-%dT%H:%M:%SZ}",
    ):
        assert ids(program.get(f"documents/?{query}")) == [one.pk], query
    for query in (
        "number=CN",
        "learner_number=T7",
        "contact_id=9223372036854775807",
        "date_from=2300-01-01",
        "date_from=2026-03-02&date_to=2026-03-01",
        "updated_since=2300-01-01T00:00:00Z",
    ):
        assert ids(program.get(f"documents/?{query}")) == [], query


@pytest.mark.parametrize(
    "query",
    [
        "kind=BILL",
        "kind=",
        "status=" + "x" * 31,
        "contact_id=9223372036854775808",
        "contact_id=0",
        "date_from=2026-02-31",
        "include=lines,everything",
        "include=raw",
        "sort=total",
    ],
)
def test_filter_is_refused_when_it_cannot_be(
    program: Program, organisation: Organisation, query: str
) -> None:
    answer = program.get(f"documents/?{query}")

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [query.partition("=")[0]]


def test_walk_meets_each_document_once_when_documents_change_meanwhile(
    program: Program, organisation: Organisation
) -> None:
    kinds = list(Kind)
    known = [document_builders.make_document(organisation, kind=kinds[n % 4]).pk for n in range(13)]
    first = program.get("documents/?limit=4").json()

    Document.objects.filter(pk__in=known[::2]).update(
        date=None, status="VOIDED", synced_at=document_builders.NOW, number="ZZZ", total=0
    )
    rest = program.read_to_the_end(first["next"])

    assert sorted(one["id"] for one in first["results"] + rest) == sorted(known)


def test_queries_do_not_grow_with_the_page(
    program: Program, organisation: Organisation, portal: Portal
) -> None:
    def make(count: int) -> None:
        for _ in range(count):
            learner = builders.make_learner(portal)
            contact_id = document_builders.make_linked(learner, organisation)
            invoice = document_builders.make_document(organisation, contact_xero_id=contact_id)
            credit = document_builders.make_document(organisation, kind=Kind.CREDIT_NOTE)
            document_builders.apply_credit(credit, invoice, "1")
            document_builders.make_payment(invoice, "1")

    def cost(path: str) -> int:
        program.get(path)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert program.get(path).status_code == 200
        return len(queries)

    paths = ("documents/?include=lines,payments,applications", "contacts/")
    make(1)
    before = [cost(path) for path in paths]
    make(6)

    # Six are the frame's: the token and its person, two counts, and what is said of last use.
    assert [cost(path) for path in paths] == before
    assert before <= [18, 9]


def test_nothing_of_another_portal_is_there(portal: Portal, organisation: Organisation) -> None:
    contact = document_builders.make_contact(organisation, number="T1")
    document = document_builders.make_document(organisation, contact_xero_id=contact.xero_id)
    neighbour = builders.make_portal("Saltbush")
    document_builders.make_organisation(neighbour)
    stranger = api_client.program_of(
        builders.make_user(neighbour, portal_admin=True, accounts=True)
    )

    for path in (
        f"documents/{document.pk}/",
        f"documents/{document.pk}/versions/",
        f"contacts/{contact.pk}/",
    ):
        assert stranger.get(path).status_code == 404, path
    assert ids(stranger.get("documents/")) == ids(stranger.get("contacts/")) == []
    assert ids(stranger.get(f"documents/?contact_id={contact.pk}")) == []


def test_contact_of_another_portals_learner_is_not_told(portal: Portal) -> None:
    ours = document_builders.make_organisation(portal)
    neighbour = builders.make_portal("Saltbush")
    theirs = document_builders.make_organisation(neighbour)
    Organisation.objects.filter(pk=theirs.pk).update(tenant_id=ours.tenant_id)
    shared, mine = (document_builders.make_contact(ours) for _ in range(2))
    document_builders.link(builders.make_learner(neighbour), theirs, shared.xero_id)
    program = api_client.program_of(builders.make_user(portal))

    assert ids(program.get("contacts/")) == [mine.pk]
    assert program.get(f"contacts/{shared.pk}/").status_code == 404

    document_builders.link(builders.make_learner(portal), ours, shared.xero_id)
    assert sorted(ids(program.get("contacts/"))) == sorted([shared.pk, mine.pk])


def test_contact_says_who_it_is(
    program: Program, organisation: Organisation, portal: Portal
) -> None:
    learner = builders.make_learner(portal, number="T5")
    contact_id = document_builders.make_linked(learner, organisation)
    winner = uuid.uuid4()
    organisation.contacts.filter(xero_id=contact_id).update(
        status="ARCHIVED", merged_to_xero_id=winner
    )
    document_builders.make_contact(organisation, number="OTHER")

    (found,) = program.get("contacts/?contact_number=T5").json()["results"]

    assert found["learners"] == [{"id": learner.pk, "number": "T5"}]
    assert (found["status"], found["merged_into_xero_id"]) == ("ARCHIVED", str(winner))
    assert program.get("contacts/?learner_number=T5").json()["results"] == [found]
    assert program.get(f"contacts/{found['id']}/").json() == found


def test_lists_are_empty_before_anything_is_connected(program: Program) -> None:
    assert ids(program.get("documents/")) == ids(program.get("contacts/")) == []
    assert program.get("documents/1/").status_code == 404


def test_document_that_a_merge_took_from_somebody_else_is_nobodys(
    program: Program, organisation: Organisation, portal: Portal
) -> None:
    ann, ben = builders.make_learner(portal), builders.make_learner(portal)
    anns, bens = (document_builders.make_linked(each, organisation) for each in (ann, ben))
    hers, his = (
        document_builders.make_document(organisation, contact_xero_id=each) for each in (anns, bens)
    )
    Document.objects.filter(pk=hers.pk).update(contact_xero_id=bens)
    assert DocumentMove.objects.update(is_merge=True) == 1

    for learner, found in ((ben, [his.pk]), (ann, [])):
        assert ids(program.get(f"documents/?learner_number={learner.number}")) == found
    documents = program.get("documents/").json()["results"]
    assert {one["id"]: [each["id"] for each in one["learners"]] for one in documents} == {
        hers.pk: [],
        his.pk: [ben.pk],
    }
