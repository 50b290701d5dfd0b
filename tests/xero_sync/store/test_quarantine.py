"""One bad document never sinks a page."""

import json
from typing import Any

import pytest

from invoices.models import Document
from tests.support.bad_documents import GOOD, invoice, serve, store
from tests.support.linked import Linked
from tests.support.resyncs import ask
from xero_sync.api import json_codec
from xero_sync.models import QuarantinedDocument, RunState
from xero_sync.runs import run_progress

BROKEN: list[dict[str, Any]] = [
    {"UpdatedDateUTC": ...},
    {"UpdatedDateUTC": "soon"},
    {"Total": "a lot"},
    {"Total": 1e18},
    {"Total": "999999999999999.99999"},
    {"Total": "NaN"},
    {"CurrencyRate": 1e13},
    {"UpdatedDateUTC": "0001-01-01T00:00:00+14:00"},
    {"AmountDue": True},
    {"DueDate": "/Date(99999999999999999)/"},
    {"DateString": "31 March"},
    {"Status": None},
    {"LineItems": "none"},
    {"Contact": "Ola"},
    {"LineItems": [{"LineItemID": "not an id"}]},
    {"InvoiceNumber": "x" * 300},
    {"Payments": [None]},
]


def test_broken_documents_are_set_aside_and_the_others_stored(linked: Linked) -> None:
    broken = [invoice(100 + number, **changes) for number, changes in enumerate(BROKEN)]
    serve(linked, invoice(1), *broken, invoice(2))

    linked.sweep()

    assert set(Document.objects.values_list("number", flat=True)) == {"INV-1", "INV-2"}
    aside = QuarantinedDocument.objects.all()
    assert {one.identity for one in aside} == {one["InvoiceID"] for one in broken}
    assert all(one.reason for one in aside)


def test_unknown_words_from_xero_are_kept_as_they_came(linked: Linked) -> None:
    serve(linked, invoice(1, Status="FROZEN", NewField={"deep": [1]}, DueDate=None))

    linked.sweep()

    stored = Document.objects.get()
    assert (stored.status, stored.due_date) == ("FROZEN", None)
    assert stored.raw["NewField"] == {"deep": [1]}


def test_document_that_is_mended_leaves_the_set_aside(linked: Linked) -> None:
    serve(linked, invoice(1, Total="a lot"))
    linked.sweep()
    assert QuarantinedDocument.objects.count() == 1

    serve(linked, invoice(1))
    linked.work(ask(linked))

    assert Document.objects.get().total == 110
    assert not QuarantinedDocument.objects.exists()


def test_run_with_a_set_aside_document_says_so_and_still_adds_up(linked: Linked) -> None:
    serve(linked, invoice(1), invoice(2, Total="a lot"))

    run = linked.work(ask(linked))

    assert run.state == RunState.DONE_WITH_PROBLEMS
    assert run.reason == "Invoices: 1 could not be saved"
    assert run_progress.progress_of(run).quarantined == 1


def test_older_version_of_what_is_set_aside_is_counted_once(linked: Linked) -> None:
    serve(linked, invoice(1), invoice(2))
    assert linked.work(ask(linked)).state == RunState.DONE
    serve(linked, invoice(1), invoice(2, Total="a lot"))

    run = linked.work(ask(linked))

    assert (run.state, run.reason) == (
        RunState.DONE_WITH_PROBLEMS,
        "Invoices: 1 could not be saved",
    )
    assert not any("once more" in line.text for line in run.lines.all())
    invoices = run_progress.progress_of(run).kinds[0]
    assert (invoices.label, invoices.stage) == ("Invoices", run_progress.Stage.DIFFERS)
    assert (invoices.xero_count, invoices.our_count, invoices.quarantined) == (2, 2, 1)


def test_nul_and_emoji_in_a_text_are_stored(linked: Linked) -> None:
    contact = {**GOOD["Contact"], "Name": 'Ola \U0001f600 \\N Made\u0000Up, "x"\r\n\t'}
    serve(linked, invoice(1, Contact=contact, Reference="\\."))

    linked.sweep()

    stored = Document.objects.get()
    assert stored.contact_name == 'Ola \U0001f600 \\N Made\ufffdUp, "x"\r\n\t'
    assert stored.reference == "\\."


@pytest.mark.parametrize("number", ["1e5000", "1e400000", "1e-20000"])
@pytest.mark.parametrize("strange", ['{"Odd": %s}', '{"Odd": [%s], "Total": "a lot"}'])
def test_number_that_cannot_be_kept_is_set_aside_alone(
    linked: Linked, strange: str, number: str
) -> None:
    elements = json_codec.loads(json.dumps([invoice(number) for number in range(9)]).encode())
    elements[5] |= json_codec.loads((strange % number).encode())

    written = store(linked, elements)

    assert (written.read, written.new, written.quarantined) == (9, 8, 1)
    assert len(written.touched_ids) == 8
    assert all(one.raw for one in Document.objects.all())
    aside = QuarantinedDocument.objects.get()
    assert (aside.number, aside.tries) == ("INV-5", 1)
    assert number.upper().replace("E5", "E+5").replace("E4", "E+4") in aside.raw


def test_others_of_its_page_are_stored_by_id_and_it_is_refused_in_the_databases_words(
    linked: Linked,
) -> None:
    """In another order than by id two workers on the same documents might deadlock."""
    named = zip((3, 2, 1), ("INV-C", "INV-A", "INV-B"), strict=True)
    page = [invoice(number, InvoiceNumber=name) for number, name in named]
    elements = json_codec.loads(json.dumps(page).encode())
    elements[0] |= json_codec.loads(b'{"Odd": 1e-20000}')

    written = store(linked, elements)

    assert written.touched_ids == [page[2]["InvoiceID"], page[1]["InvoiceID"]]
    aside = QuarantinedDocument.objects.get()
    assert aside.number == "INV-C"
    assert aside.reason == "PostgreSQL cannot hold it: value overflows numeric format"


def test_element_that_is_no_object_is_set_aside_too(linked: Linked) -> None:
    elements = json_codec.loads(json.dumps([None, invoice(1), "INV-2"]).encode())

    written = store(linked, elements)

    assert (written.new, written.quarantined) == (1, 2)
    reasons = set(QuarantinedDocument.objects.values_list("number", "reason"))
    assert reasons == {("", "an object was expected where Xero sent something else")}


def test_document_whose_type_is_no_word_is_set_aside_alone(linked: Linked) -> None:
    elements = [invoice(1), invoice(2, Type=["ACCREC"]), invoice(3, Type=None)]

    written = store(linked, json_codec.loads(json.dumps(elements).encode()))

    assert (written.new, written.quarantined) == (1, 2)


@pytest.mark.parametrize("missing", [..., None, ""])
def test_document_without_an_id_is_set_aside_under_its_number(linked: Linked, missing: Any) -> None:
    serve(linked, invoice(1), invoice(2, InvoiceID=missing))

    linked.sweep()

    assert Document.objects.get().number == "INV-1"
    aside = QuarantinedDocument.objects.get()
    assert (aside.number, aside.reason) == ("INV-2", "it has no InvoiceID")
    assert aside.identity


def test_document_of_nobody_is_stored_without_a_contact(linked: Linked) -> None:
    serve(linked, invoice(1, Contact=...), invoice(2, Contact=None))

    linked.sweep()

    contacts = Document.objects.values_list("contact_xero_id", "contact_name")
    assert list(contacts) == [(None, ""), (None, "")]
    assert not QuarantinedDocument.objects.exists()
