"""Open PDF: who may, what has none, and what people read where Xero gives none."""

import pytest

from invoices.models import Document
from lrm import page_calls
from lrm.models import LrmRole
from tests.support import builders
from tests.support.faults import fault
from tests.support.linked import Linked


def a_credit_note(linked: Linked) -> Document:
    linked.sweep()
    return Document.objects.filter(kind="CREDIT_NOTE", status="AUTHORISED")[0]


@pytest.mark.parametrize("kind", ["OVERPAYMENT", "PREPAYMENT"])
def test_what_xero_makes_no_pdf_of_is_said_without_asking(linked: Linked, kind: str) -> None:
    linked.sweep()
    document = Document.objects.filter(kind=kind)[0]

    answer = builders.client_of(linked.manager).get(f"/documents/{document.pk}/pdf/")

    assert answer.status_code == 409
    assert "Xero makes no PDF of" in answer.content.decode()


def test_pdf_is_for_people_of_the_portal_who_work_with_learners(linked: Linked) -> None:
    address = f"/documents/{a_credit_note(linked).pk}/pdf/"
    colleague = builders.make_user(linked.portal, portal_admin=True, role=LrmRole.NONE)
    stranger = builders.make_user(builders.make_portal("Saltbush"))

    assert builders.client_of(colleague).get(address).status_code == 403
    assert builders.client_of(stranger).get(address).status_code == 404
    assert builders.client_of(None).get(address).status_code == 302
    assert builders.client_of(linked.manager).post(address).status_code == 405


def test_document_that_xero_no_longer_has_is_said_in_words(linked: Linked) -> None:
    document = a_credit_note(linked)
    fault(linked, {"status": 404, "body": "{}"}, times=-1)

    answer = builders.client_of(linked.manager).get(f"/documents/{document.pk}/pdf/")

    assert answer.status_code == 409
    assert "Xero has no PDF of this document" in answer.content.decode()


def test_answer_that_is_no_pdf_is_not_passed_on(linked: Linked) -> None:
    document = a_credit_note(linked)
    fault(linked, {"status": 200, "body": "<html><script>alert(1)</script></html>"}, times=-1)

    answer = builders.client_of(linked.manager).get(f"/documents/{document.pk}/pdf/")

    assert answer.status_code == 503
    assert "alert(1)" not in answer.content.decode()


def test_pdf_is_put_off_while_others_wait_for_xero(linked: Linked) -> None:
    document = a_credit_note(linked)
    with page_calls.seat(), page_calls.seat():
        busy = builders.client_of(linked.manager).get(f"/documents/{document.pk}/pdf/")

    assert (busy.status_code, busy["Refresh"]) == (503, "3")


@pytest.mark.parametrize("kind", ["INVOICE", "CREDIT_NOTE"])
def test_click_passes_on_xeros_own_pdf_and_keeps_nothing(linked: Linked, kind: str) -> None:
    linked.sweep()
    document = Document.objects.filter(kind=kind, status="AUTHORISED")[0]

    answer = builders.client_of(linked.manager).get(f"/documents/{document.pk}/pdf/")

    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'inline; filename="{document.number}.pdf"'
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.content.startswith(b"%PDF-")
