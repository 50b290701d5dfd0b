"""What Xero does only now and then, as people here see it."""

from decimal import Decimal

import pytest

from invoices.models import ContactLink, Document
from tests.support import builders
from tests.support.daily_checks import check
from tests.support.learners import contacts_numbered, save
from tests.support.linked import Linked
from tests.support.resyncs import ask
from xero_sync.models import ContactPush, Cursor, PushState, QuarantinedDocument, RunState


@pytest.mark.parametrize("keeps_due", [False, True])
def test_void_invoice_is_owed_by_nobody_whatever_it_shows(linked: Linked, keeps_due: bool) -> None:
    learner = save(linked)
    linked.push()
    (contact,) = contacts_numbered(linked, "L900001")
    given = {"tenant": linked.tenant, "contact_id": contact["contact_id"]}
    kept = linked.world.do("documents", act="raise", amount="100.00", **given)["id"]
    void = linked.world.do("documents", act="raise", amount="77.00", **given)["id"]
    linked.world.do("documents", tenant=linked.tenant, act="void", id=void, keeps_due=keeps_due)

    assert linked.work(ask(linked)).state == RunState.DONE
    page = builders.client_of(linked.manager).get(f"/learners/{learner.pk}/xero-invoices/")

    stored = {str(one.xero_id): one for one in Document.objects.filter(total__in=(100, 77))}
    assert stored[void].status == "VOIDED"
    assert stored[void].amount_due == Decimal(77 if keeps_due else 0)
    assert stored[kept].amount_due == Decimal(100)
    assert "100.00" in page.content.decode()
    assert "177.00" not in page.content.decode()


def test_prepayments_that_list_overpayments_are_counted_once(linked: Linked) -> None:
    linked.world.do("habits", prepayments_list_overpayments=True)
    books = linked.books()["documents"]
    wanted = {one["xero_id"] for one in books if one["type"].startswith("RECEIVE-")}

    assert linked.work(ask(linked)).state == RunState.DONE
    check(linked)

    kinds = Document.objects.filter(kind__in=("OVERPAYMENT", "PREPAYMENT"))
    assert {str(one) for one in kinds.values_list("xero_id", flat=True)} == wanted
    assert not QuarantinedDocument.objects.exists()
    assert {one.problem for one in Cursor.objects.all()} == {""}


def test_name_that_differs_in_accents_alone_is_asked_about_and_not_written_over(
    linked: Linked,
) -> None:
    linked.world.do("habits", names_ignore_accents=True)
    there = linked.world.do(
        "contacts", tenant=linked.tenant, act="create", name="José Example", email="j@example.com"
    )["id"]

    save(linked, given_name="Jose", family_name="Example", email="other@example.com")
    linked.push()

    before = next(one for one in linked.books()["contacts"] if one["contact_id"] == there)
    assert (before["name"], before["email"], before["number"]) == (
        "José Example",
        "j@example.com",
        "",
    )
    push = ContactPush.objects.get()
    assert push.state == PushState.QUESTION
    assert str(push.candidate_xero_id) == there
    assert not ContactLink.objects.filter(contact_xero_id=there).exists()
