"""Many learners at once, imported or ticked on the list: each becomes the right contact in Xero."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.support import builders
from tests.support.batch_jobs import work_on_all
from tests.support.learners import contacts_numbered
from tests.support.linked import Linked
from xero_sync.models import ContactPush, PushState

MANY = 120


def bring(linked: Linked, rows: list[str]) -> None:
    """Import learners from a file, through the pages."""
    client = builders.client_of(linked.manager)
    content = "Number,Given name,Family name,E-mail,Sync to Xero\n" + "\n".join(rows)
    file = SimpleUploadedFile("people.csv", content.encode())
    answer = client.post("/learners/import/", {"file": file})
    client.post(f"{answer['Location']}confirm/")
    work_on_all()


def row(n: int) -> str:
    return f"N{n},Mei,Kelly {n},n{n}@example.com,yes"


def names_by_number(linked: Linked) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for contact in linked.books()["contacts"]:
        found.setdefault(contact["number"], []).append(contact["name"])
    return found


def a_contact(linked: Linked) -> dict[str, Any]:
    contacts = linked.books()["contacts"]
    return next(x for x in contacts if x["number"].startswith("L") and x["status"] == "ACTIVE")


def test_imported_learners_become_contacts_once_and_strangers_stay(linked: Linked) -> None:
    linked.sweep()
    stranger = a_contact(linked)

    bring(linked, [*map(row, range(MANY)), f"{stranger['number']},Some,Body,,yes"])
    linked.push()
    bring(linked, [*map(row, range(MANY))])
    linked.push()

    names = names_by_number(linked)
    assert {n: names.get(f"N{n}") for n in range(MANY)} == {
        n: [f"Mei Kelly {n}"] for n in range(MANY)
    }
    assert contacts_numbered(linked, stranger["number"]) == [stranger]
    waiting = ContactPush.objects.exclude(state=PushState.DONE).get()
    assert (waiting.learner.number, waiting.state) == (stranger["number"], PushState.QUESTION)


def test_imported_change_reaches_the_contact(linked: Linked) -> None:
    bring(linked, [row(1), row(2)])
    linked.push()

    bring(linked, ["N1,Mei,Wattle,new@example.com,yes", row(2)])
    linked.push()

    (contact,) = contacts_numbered(linked, "N1")
    assert (contact["name"], contact["email"]) == ("Mei Wattle", "new@example.com")


def test_learners_ticked_on_the_list_become_contacts(linked: Linked) -> None:
    for n in range(60):
        builders.make_learner(linked.portal, number=f"N{n}", family_name=f"Wattle {n}")
    client = builders.client_of(linked.manager)
    wanted = {"scope": "all", "q": "wattle", "sync": "off"}

    client.post("/learners/tick/", {**wanted, "set": "on", "confirmed": "1"})
    linked.push()

    names = names_by_number(linked)
    assert all(len(names.get(f"N{n}", [])) == 1 for n in range(60))
