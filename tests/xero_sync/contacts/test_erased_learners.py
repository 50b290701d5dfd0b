"""An erased learner is nowhere but where the page said, also after everything is read again."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from invoices.models import Contact, ContactLink, DocumentVersion
from lrm import notices
from lrm.models import Learner, LearnerAccount, Notice, PortalChange
from lrm.roster import learner_batches, learners
from tests.support import builders, document_builders, every_column, waiting
from tests.support.linked import Linked, clock
from xero_sync.models import ContactPush, PushState, QuarantinedDocument, RunWhat
from xero_sync.resources import Resource
from xero_sync.runs import run_requests

NUMBER = "ERASE-ME-7"
NAMES = ("Zebedee", "Quillfeather", "zebedee.q@example.com", NUMBER)
# What the consent page says stays: the mirror of the ledger, as Xero has it.
STATED = {
    "invoices_contact.name",
    "invoices_contact.email",
    "invoices_contact.contact_number",
    "invoices_contact.raw",
    "invoices_document.contact_name",
    "invoices_document.raw",
}


def details(**more: Any) -> learners.LearnerDetails:
    return learners.LearnerDetails(
        **{
            "number": NUMBER,
            "given_name": NAMES[0],
            "family_name": NAMES[1],
            "email": NAMES[2],
            "sync_to_xero": True,
            **more,
        }
    )


def pushed(linked: Linked) -> Learner:
    """Return a learner who is in Xero, with a document that has said something else before."""
    learner = learners.save_learner(
        portal=linked.portal, details=details(), by=linked.manager, now=clock()
    )
    linked.push()
    link = ContactLink.objects.get(learner=learner)
    document = document_builders.make_document(
        linked.organisation,
        contact_xero_id=link.contact_xero_id,
        contact_name=learner.full_name,
        raw={"Contact": {"Name": learner.full_name}},
    )
    DocumentVersion.objects.create(
        document=document,
        raw={"Contact": {"Name": learner.full_name}},
        digest=b"1" * 16,
        updated_at=clock(),
        read_at=clock(),
        stored_at=clock(),
        replaced_at=clock(),
        replaced_by="SWEEP",
    )
    builders.make_learner_account(learner)
    notices.notify(users=[linked.manager], text=f"{learner} did not reach Xero: why not")
    return learner


def read_everything(linked: Linked) -> None:
    """Read all documents and contacts of Xero's again, as a re-sync and a regular check do."""
    answer = run_requests.request(
        portal=linked.portal,
        date_from=date(2000, 1, 1),
        date_to=date(2100, 1, 1),
        what=RunWhat.DOCUMENTS,
        by=linked.manager,
        now=clock(),
    )
    linked.work(answer.run)
    linked.sweep()
    linked.push()


def erase(linked: Linked, learner: Learner, typed: str = NUMBER) -> Any:
    path = f"/learners/{learner.pk}/personal-data/erase/"
    return builders.client_of(linked.manager).post(path, {"number": typed})


def test_erased_learner_stands_nowhere_but_where_the_page_said(linked: Linked) -> None:
    learner = pushed(linked)
    before = every_column.places_of(*NAMES)
    assert {"lrm_learner.email", "lrm_notice.text", "invoices_documentversion.raw"} <= before
    assert "lrm_user.email" in before

    assert erase(linked, learner).status_code == 302
    read_everything(linked)

    assert every_column.places_of(*NAMES) <= STATED
    # The contact is still Xero's, and nobody's here.
    assert Contact.objects.filter(contact_number=NUMBER).exists()
    assert not ContactLink.objects.filter(
        contact_xero_id=Contact.objects.get(contact_number=NUMBER).xero_id
    ).exists()
    assert not ContactPush.objects.exists()
    assert not LearnerAccount.objects.exists()
    change = PortalChange.objects.latest("id")
    assert (change.act, change.detail) == ("LEARNER_ERASED", f"Learner {learner.pk}")


def test_learner_who_waits_for_an_erased_ones_contact_is_told_no_name_and_goes_on(
    linked: Linked,
) -> None:
    learner = pushed(linked)
    learners.save_learner(
        portal=linked.portal,
        details=details(number="ERASE-ME-8", sync_to_xero=False),
        by=linked.manager,
        now=clock(),
        learner=learner,
    )
    other = learners.save_learner(
        portal=linked.portal,
        details=details(given_name="Ari", family_name="Kelly", email="ari@example.com"),
        by=linked.manager,
        now=clock(),
    )
    linked.push()
    waits = ContactPush.objects.get(learner=other)
    assert waits.state == PushState.REFUSED
    assert "is on the contact of Zebedee Quillfeather (ERASE-ME-8)" in waits.problem

    assert erase(linked, learner, "ERASE-ME-8").status_code == 302
    waits.refresh_from_db()
    assert "Quillfeather" not in waits.problem
    assert waits.state == "PENDING"

    linked.push()
    waits.refresh_from_db()
    # Whose contact it is now, a person says.
    assert waits.state == PushState.QUESTION


@pytest.mark.parametrize("renamed", [False, True])
def test_export_of_a_learner_who_waits_for_anothers_contact_names_nobody_else(
    linked: Linked, *, renamed: bool
) -> None:
    holder = pushed(linked)
    save(linked, holder, number="ERASE-ME-8", sync_to_xero=False)
    other = save(linked, given_name="Ari", family_name="Kelly", email="ari@example.com")
    linked.push()
    problem = ContactPush.objects.get(learner=other).problem
    assert "is on the contact of Zebedee Quillfeather (ERASE-ME-8)" in problem
    notice = Notice.objects.get(url=f"/learners/{other.pk}/")
    assert problem in notice.text
    # A long one is cut.
    notice.text = notice.text.partition("eather (ERASE-ME-8), or")[0] + "…"
    notices.notify(users=[linked.manager], text=notice.text, url=notice.url)
    if renamed:
        save(linked, holder, family_name="Wattle", number="ERASE-ME-9", sync_to_xero=False)
        ContactPush.objects.filter(learner=other).update(problem=problem)

    held = export_of(linked, other)

    assert "Quillf" not in json.dumps(held)
    assert "ERASE-ME-8" not in json.dumps(held)
    given = held["xero_sync"]["push"][0]["problem"]
    assert f"the number {NUMBER} is on the contact of another learner. Tick" in given
    assert f"Ari Kelly ({NUMBER}) could not be sent" in held["lrm"]["notices"][0]["text"]


def test_what_could_not_be_saved_of_a_shared_contact_is_neither_given_out_nor_deleted(
    linked: Linked,
) -> None:
    learner = pushed(linked)
    contact_id = ContactLink.objects.get(learner=learner).contact_xero_id
    QuarantinedDocument.objects.create(
        organisation=linked.organisation,
        resource=Resource.CONTACT,
        identity=str(contact_id),
        raw={"Name": "Made-Up Household"},
        reason="Made up",
        first_seen_at=clock(),
        last_tried_at=clock(),
    )
    assert "Made-Up Household" in json.dumps(export_of(linked, learner))
    document_builders.link(builders.make_learner(linked.portal), linked.organisation, contact_id)

    assert "Made-Up Household" not in json.dumps(export_of(linked, learner))
    erase(linked, learner)
    assert QuarantinedDocument.objects.exists()


def save(linked: Linked, learner: Learner | None = None, **more: Any) -> Learner:
    return learners.save_learner(
        portal=linked.portal,
        details=details(**more),
        by=linked.manager,
        now=clock(),
        learner=learner,
    )


def export_of(linked: Linked, learner: Learner) -> Any:
    path = f"/learners/{learner.pk}/personal-data/export/"
    return json.loads(builders.client_of(linked.manager).post(path).content)


def test_nothing_is_erased_when_another_number_is_typed(linked: Linked) -> None:
    learner = pushed(linked)

    answer = erase(linked, learner, "ERASE-ME-8")

    assert answer.status_code == 422
    assert "Nothing was erased" in answer.content.decode()
    assert Learner.objects.filter(pk=learner.pk).exists()
    assert DocumentVersion.objects.exists()


def test_number_of_an_erased_learner_comes_back_by_no_way(linked: Linked) -> None:
    learner = pushed(linked)
    other = builders.make_learner(linked.portal)
    erase(linked, learner)

    form = builders.client_of(linked.manager).post(
        "/learners/new/", {"number": NUMBER, "family_name": "X", "country": "Australia"}
    )
    (row,) = learner_batches.save_learners(
        portal=linked.portal,
        rows=[
            learner_batches.LearnerRow(values={"number": NUMBER, "family_name": "X"}),
        ],
        by=linked.manager,
        now=clock(),
    )
    with pytest.raises(learners.LearnerNumberErased):
        learners.save_learner(
            portal=linked.portal, details=details(), by=linked.manager, now=clock(), learner=other
        )

    assert form.status_code == 422
    assert "was erased" in form.content.decode()
    assert row.refusal is learner_batches.Refusal.NUMBER_ERASED
    assert not Learner.objects.filter(number=NUMBER).exists()


@pytest.mark.parametrize("respelt", [str.lower, str.title, "{} ".format])
def test_number_of_an_erased_learner_is_not_given_again_in_another_spelling(
    linked: Linked, respelt: Callable[[str], str]
) -> None:
    # Nobody says whether Xero tells letters of either case apart in a contact's number.
    erase(linked, pushed(linked))
    number = respelt(NUMBER)

    form = builders.client_of(linked.manager).post(
        "/learners/new/", {"number": number, "family_name": "X", "country": "Australia"}
    )
    rows = learner_batches.save_learners(
        portal=linked.portal,
        rows=[
            learner_batches.LearnerRow(values={"number": each, "family_name": "X"})
            for each in (number, NUMBER)
        ],
        by=linked.manager,
        now=clock(),
    )

    assert form.status_code == 422
    assert {row.refusal for row in rows} == {learner_batches.Refusal.NUMBER_ERASED}
    assert not Learner.objects.filter(number__iexact=NUMBER).exists()


def test_export_holds_everything_and_is_noted(linked: Linked) -> None:
    learner = pushed(linked)
    path = f"/learners/{learner.pk}/personal-data/export/"

    answer = builders.client_of(linked.manager).post(path)

    held = json.loads(answer.content)
    assert held["lrm"]["learner"]["email"] == NAMES[2]
    assert held["lrm"]["account"]["email"] == NAMES[2]
    assert held["lrm"]["notices"]
    assert held["invoices"]["contacts"][0]["contact_number"] == NUMBER
    assert held["invoices"]["documents"][0]["contact_name"] == learner.full_name
    assert held["invoices"]["versions"][0]["raw"]["Contact"]["Name"] == learner.full_name
    assert held["invoices"]["links"]
    assert held["xero_sync"]["push"][0]["state"] == "DONE"
    assert PortalChange.objects.latest("id").act == "LEARNER_EXPORTED"


def test_export_leaves_out_what_is_another_learners_as_well(linked: Linked) -> None:
    learner = pushed(linked)
    contact_id = ContactLink.objects.get(learner=learner).contact_xero_id
    document_builders.link(builders.make_learner(linked.portal), linked.organisation, contact_id)
    path = f"/learners/{learner.pk}/personal-data/export/"

    held = json.loads(builders.client_of(linked.manager).post(path).content)

    assert held["invoices"]["documents"] == held["invoices"]["contacts"] == []
    assert held["invoices"]["contacts_shared_with_others"] == [str(contact_id)]


def test_learner_who_is_being_sent_is_erased_and_others_arrive(linked: Linked) -> None:
    leaving, staying = (
        learners.save_learner(
            portal=linked.portal, details=details(**more), by=linked.manager, now=clock()
        )
        for more in ({}, {"number": "STAYS-1", "given_name": "Ona", "email": "ona@example.com"})
    )
    linked.world.do(
        "faults",
        match={"path": "/api.xro/2.0/Contacts", "method": "PUT"},
        times=1,
        answer={"delay_seconds": 1},
    )

    with ThreadPoolExecutor(1) as worker:
        sending = worker.submit(_in_a_connection_of_its_own, linked.push)
        waiting.wait_until(lambda: ContactPush.objects.filter(state="SENT").exists())
        erase(linked, leaving)
        sending.result(timeout=30)

    assert ContactLink.objects.get().learner == staying
    assert ContactPush.objects.get().state == "DONE"
    assert [one["number"] for one in contacts_in_xero(linked)] == [NUMBER, "STAYS-1"]


def contacts_in_xero(linked: Linked) -> list[dict[str, Any]]:
    """Return the contacts that were made of this file's learners."""
    made = (one for one in linked.books()["contacts"] if one["number"] in {NUMBER, "STAYS-1"})
    return sorted(made, key=lambda one: str(one["number"]))


def _in_a_connection_of_its_own(act: Callable[[], None]) -> None:
    try:
        act()
    finally:
        connection.close()


def test_commands_export_and_erase_one_learner(
    linked: Linked, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    learner = pushed(linked)
    slug = linked.portal.slug
    file = tmp_path / "held.json"

    call_command("export_learner", slug, NUMBER, output=str(file))
    with pytest.raises(CommandError, match="Nothing was erased"):
        call_command("erase_learner", slug, NUMBER, confirm="wrong")
    call_command("erase_learner", slug, NUMBER, confirm=NUMBER)

    assert json.loads(file.read_text())["lrm"]["learner"]["number"] == NUMBER
    assert file.stat().st_mode & 0o077 == 0
    assert not Learner.objects.filter(pk=learner.pk).exists()
    assert PortalChange.objects.latest("id").by_name == "Support, by command"
    with pytest.raises(CommandError, match="no learner"):
        call_command("erase_learner", slug, NUMBER, confirm=NUMBER)


def test_colleague_and_stranger_neither_export_nor_erase(linked: Linked) -> None:
    learner = builders.make_learner(linked.portal)
    staff = builders.make_user(linked.portal)
    stranger = builders.make_user(builders.make_portal("Saltbush"), portal_admin=True)

    for act in ("export", "erase"):
        path = f"/learners/{learner.pk}/personal-data/{act}/"
        sent = {"number": learner.number}
        assert builders.client_of(staff).post(path, sent).status_code == 403
        assert builders.client_of(stranger).post(path, sent).status_code == 404
    assert Learner.objects.filter(pk=learner.pk).exists()
