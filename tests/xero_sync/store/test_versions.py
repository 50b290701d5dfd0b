"""Which version of a document may replace which, and whose name and allocations it shows."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from connected_apps.models import Organisation
from invoices.models import Allocation, ContactLink, Document, ReadBy
from lrm.models import Portal
from tests.support import builders, crossing, document_builders
from tests.support.bad_documents import GOOD, invoice
from xero_sync.api import json_codec, responses
from xero_sync.resources import Resource
from xero_sync.store import page_store, upserts

READ_AT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
CONTACT_ID = GOOD["Contact"]["ContactID"]
SECOND = timedelta(seconds=1)


@pytest.fixture
def organisation(portal: Portal) -> Organisation:
    return document_builders.make_organisation(portal)


def read(
    organisation: Organisation,
    *elements: dict[str, Any],
    at: datetime = READ_AT,
    resource: Resource = Resource.INVOICE,
    confirm: bool = False,
) -> upserts.Written:
    """Store a page that was asked for at a moment; return what became of it."""
    as_read = json_codec.loads(json.dumps(elements).encode())
    page = responses.Page(as_read, 1, len(elements), 1000, at, None, 0, {})
    with transaction.atomic():
        return page_store.store(
            organisation_id=organisation.pk,
            resource=resource,
            page=page,
            by=ReadBy.SWEEP,
            now=READ_AT,
            confirm=confirm,
        )


def of(seconds: int, reference: str) -> dict[str, Any]:
    """Return a version of one invoice that Xero changed at a second."""
    stamp = f"/Date({1772323200000 + 1000 * seconds}+0000)/"
    return invoice(1, UpdatedDateUTC=stamp, Reference=reference)


def contact(name: str, **fields: Any) -> dict[str, Any]:
    """Return the invoices' contact as Xero has it."""
    return {
        "ContactID": CONTACT_ID,
        "Name": name,
        "ContactStatus": "ACTIVE",
        "UpdatedDateUTC": "/Date(1772323200000+0000)/",
        **fields,
    }


@pytest.mark.parametrize(
    ("stamp", "read_after", "stands"),
    [
        (1, 1, "second"),
        # A late answer brings what is newer all the same.
        (1, -60, "second"),
        # What moves no stamp.
        (0, 1, "second"),
        (0, 0, "second"),
        # A late answer brings what was before.
        (0, -1, "first"),
        (-1, 60, "first"),
        (-1, -60, "first"),
    ],
)
def test_version_replaces_another_by_its_stamp_and_then_by_when_it_was_read(
    organisation: Organisation, stamp: int, read_after: int, stands: str
) -> None:
    read(organisation, of(0, "first"))

    read(organisation, of(stamp, "second"), at=READ_AT + read_after * SECOND)

    assert Document.objects.get().reference == stands


@pytest.mark.parametrize(("read_after", "moment"), [(1, 1), (0, 0), (-1, 0)])
def test_document_that_is_seen_again_unchanged_was_read_at_the_later_moment(
    organisation: Organisation, read_after: int, moment: int
) -> None:
    """Else a late answer would let what was before replace what is here."""
    read(organisation, of(0, "same"))

    read(organisation, of(0, "same"), at=READ_AT + read_after * SECOND, confirm=True)

    assert Document.objects.get().read_at == READ_AT + moment * SECOND


def test_version_that_differs_in_its_lines_alone_replaces_the_other(
    organisation: Organisation,
) -> None:
    """No column of its own tells that it changed, and neither does its stamp."""
    read(organisation, of(0, "same"))

    line = {"Description": "Course fee", "LineAmount": 110.0}
    read(organisation, {**of(0, "same"), "LineItems": [line]}, at=READ_AT + SECOND)

    assert [one.description for one in Document.objects.get().line_items.all()] == ["Course fee"]


@pytest.mark.parametrize(
    ("read_after", "shown"), [(1, "New Name"), (0, "New Name"), (-1, "Ola Made-Up")]
)
def test_document_shows_the_name_of_whichever_was_read_last(
    organisation: Organisation, read_after: int, shown: str
) -> None:
    at = READ_AT + read_after * SECOND
    read(organisation, invoice(1))
    read(organisation, contact("New Name"), at=at, resource=Resource.CONTACT)
    assert Document.objects.get().contact_name == shown

    # And the other way round.
    Document.objects.all().delete()
    read(organisation, invoice(1))

    assert Document.objects.get().contact_name == shown


def test_name_that_is_stored_beside_a_page_of_documents_reaches_them(
    transactional_db: None, organisation: Organisation
) -> None:
    """Neither sees what the other has not committed yet, so one has to wait."""
    renamed = contact("New Name")

    crossing.meet(
        lambda: read(organisation, invoice(1)),
        lambda: read(organisation, renamed, at=READ_AT + SECOND, resource=Resource.CONTACT),
        # For which both ask when they commit.
        kept=Organisation.objects.filter(pk=organisation.pk),
    )

    assert Document.objects.get().contact_name == "New Name"


def test_page_tells_how_many_of_its_documents_are_new_changed_and_unchanged(
    organisation: Organisation,
) -> None:
    read(organisation, *map(invoice, (1, 2, 3)))

    later = [invoice(1), invoice(2, Reference="Another"), *map(invoice, (3, 4, 5, 6))]
    written = read(organisation, *later, at=READ_AT + SECOND)

    assert (written.read, written.new, written.changed, written.unchanged) == (6, 3, 1, 2)


def test_document_has_the_lines_of_its_last_version_alone(organisation: Organisation) -> None:
    for number, lines in enumerate((["First"], ["Second", "Third"])):
        items = [{"Description": line, "LineAmount": 110.0} for line in lines]
        read(organisation, {**of(number, "same"), "LineItems": items})

    stored = Document.objects.get().line_items.all()
    assert sorted(one.description for one in stored) == ["Second", "Third"]


def test_invoice_that_a_credit_is_applied_to_no_more_is_named_too(
    organisation: Organisation,
) -> None:
    """What follows from a credit concerns the invoices before and after alike."""
    before, after, note_id = (f"e0000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3))
    note = {**GOOD, "Type": "ACCRECCREDIT", "CreditNoteID": note_id}

    def applied(number: int, invoice_id: str) -> upserts.Written:
        allocation = {
            "AllocationID": f"f0000000-0000-4000-8000-00000000000{number}",
            "Invoice": {"InvoiceID": invoice_id},
            "Amount": 10.0,
            "DateString": "2026-03-01T00:00:00",
        }
        version = {**note, "Allocations": [allocation]}
        at = READ_AT + number * SECOND
        return read(organisation, version, at=at, resource=Resource.CREDIT_NOTE)

    assert applied(1, before).allocated_invoice_ids == {before}
    assert applied(2, after).allocated_invoice_ids == {before, after}


def test_allocation_that_was_deleted_is_not_counted(organisation: Organisation) -> None:
    id_of = "e0000000-0000-4000-8000-00000000000{}".format
    applied = [
        {
            "AllocationID": id_of(number),
            "Invoice": {"InvoiceID": id_of(9)},
            "Amount": 10.0,
            "DateString": "2026-03-01T00:00:00",
            "IsDeleted": number == 1,
        }
        for number in (1, 2)
    ]
    note = {**GOOD, "Type": "ACCRECCREDIT", "CreditNoteID": id_of(8), "Allocations": applied}

    read(organisation, note, resource=Resource.CREDIT_NOTE)

    assert [one.xero_id for one in Allocation.objects.all()] == [UUID(id_of(2))]


def test_contact_is_nobody_of_another_portal_who_has_the_same_number_and_name(
    organisation: Organisation,
) -> None:
    neighbours = builders.make_portal("Saltbush")
    Organisation.objects.create(
        portal=neighbours, tenant_id=organisation.tenant_id, name="The same in Xero"
    )
    same = {"number": "T1001", "given_name": "Ola", "family_name": "Made-Up"}
    builders.make_learner(neighbours, **same)
    ours = builders.make_learner(organisation.portal, **same)

    known = contact("Ola Made-Up", ContactNumber="T1001")
    read(organisation, known, resource=Resource.CONTACT)

    links = ContactLink.objects.values_list("learner_id", "organisation_id")
    assert list(links) == [(ours.pk, organisation.pk)]
