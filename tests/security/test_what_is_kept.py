"""What is kept of people: in rows, and in logs that nobody thinks of."""

import base64
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
from django.core import mail
from django.db import DatabaseError, connection, transaction

from connected_apps import audit
from connected_apps.models import XERO, AuditEvent
from invoices.models import Contact
from lrm.local import local_services
from lrm.models import Portal, PortalAct, PortalChange, User
from lrm.people import portal_changes
from tests.support import builders
from tests.support.linked import Linked, clock
from tests.support.web_process import Web
from xero_sync.models import QuarantinedDocument
from xero_sync.resources import Resource
from xero_sync.store import prepared_pages, quarantine

PRIVATE = {
    "BankAccountDetails": "062-000 made-up-bank",
    "TaxNumber": "made-up-tax",
    "BatchPayments": {"BankAccountNumber": "made-up-batch"},
    "AccountsPayableTaxType": "made-up-type",
    "Balances": {
        "AccountsReceivable": {"Outstanding": 1, "Overdue": 0},
        "AccountsPayable": {"Outstanding": 77123, "Overdue": 0},
    },
}
PLAIN = {
    "ContactID": "0a7ef25f-5ff1-4d0c-8bd9-8f9ff11c5b5e",
    "Name": "Made-Up Supplies",
    "ContactStatus": "ACTIVE",
    "UpdatedDateUTC": "/Date(1767225600000+0000)/",
    "Phones": [],
}


def test_bank_and_payables_of_a_contact_are_not_stored() -> None:
    data = prepared_pages.prepare(Resource.CONTACT, [{**PLAIN, **PRIVATE}]).data

    assert b"made-up" not in data.replace(b"made-up-supplies", b"")
    assert b"77123" not in data
    assert b"AccountsReceivable" in data
    assert b"Phones" in data


def test_bank_and_payables_are_not_kept_of_a_contact_that_could_not_be_stored(
    linked: Linked,
) -> None:
    broken = {**PLAIN, **PRIVATE, "UpdatedDateUTC": "never"}

    quarantine.record(
        organisation_id=linked.organisation.pk,
        resource=Resource.CONTACT,
        refused=[(broken, "made up")],
        stored=[],
        now=clock(),
    )

    kept = json.dumps(QuarantinedDocument.objects.get(resource=Resource.CONTACT).raw)
    assert "made-up-bank" not in kept
    assert "77123" not in kept


def test_no_contact_of_the_books_keeps_a_bank_account(linked: Linked) -> None:
    linked.sweep()

    raws = list(Contact.objects.values_list("raw", flat=True))

    assert raws
    assert not [raw for raw in raws if raw.keys() & PRIVATE.keys() - {"Balances"}]


@pytest.fixture
def directory() -> Iterator[Path]:
    """Give a place for services of its own, with a path short enough for sockets."""
    path = Path(tempfile.mkdtemp(prefix="lrm-log-"))
    (path / "tests").mkdir()
    yield path / "tests"
    local_services.leave(path / "tests")
    shutil.rmtree(path)


def test_database_log_names_nobody_when_a_statement_fails(directory: Path) -> None:
    connection = psycopg2.connect(local_services.database_url(directory))
    connection.autocommit = True
    failing = [
        "INSERT INTO once VALUES ('robin.made-up@example.com')",
        "SELECT * FROM nowhere WHERE email = 'robin.made-up@example.com'",
    ]
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE once (email text PRIMARY KEY)")
        cursor.execute(failing[0])
        for statement in failing:
            with pytest.raises(psycopg2.Error):
                cursor.execute(statement)
    connection.close()

    log = (directory / "postgresql.log").read_text()
    assert "nowhere" in log
    assert "robin" not in log


def readable(text: str) -> str:
    """Return a text, and what its words are where they are taken for base64."""
    whole = (word[: len(word) // 4 * 4] for word in re.findall(r"[\w-]+", text, re.ASCII))
    decoded = (base64.urlsafe_b64decode(word).decode(errors="replace") for word in whole)
    return " ".join([text, *decoded])


def test_log_holds_no_address_of_a_person_who_opens_the_link_to_confirm_it_twice(
    web: Web, portal: Portal, web_log: Path
) -> None:
    user = builders.make_user(portal)
    builders.client_of(user).post("/account/email/", {"email": "moved.house@example.net"})
    link = re.search(r"/account/email/\S+", str(mail.outbox[-1].body))
    assert link is not None
    before = web_log.stat().st_size

    answers = [web.post(link[0], user).status for _ in range(2)]

    assert answers == [302, 410]
    said = readable(web_log.read_bytes()[before:].decode())
    assert "Gone: /account/email/" in said
    assert user.email not in said
    assert "moved.house" not in said


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE {} SET detail = 'nothing happened'",
        "UPDATE {} SET {} = (SELECT max(id) FROM lrm_user)",
        "DELETE FROM {}",
    ],
)
@pytest.mark.parametrize(
    ("table", "person"), [("lrm_portalchange", "by_id"), ("connected_apps_auditevent", "actor_id")]
)
def test_trail_is_never_changed_by_whoever_reaches_the_database(
    portal: Portal, table: str, person: str, change: str
) -> None:
    _leave_a_line(portal)
    builders.make_user(portal)

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        connection.cursor().execute(change.format(table, person))


def test_trail_keeps_a_name_when_the_account_goes_and_goes_with_its_portal(portal: Portal) -> None:
    person = _leave_a_line(portal)

    person.delete()

    change, event = PortalChange.objects.get(), AuditEvent.objects.get()
    assert (change.by, change.by_name) == (event.actor, event.actor_name) == (None, str(person))
    connection.cursor().execute("SET LOCAL lrm.trail_may_go = 'on'")
    portal.delete()
    assert not PortalChange.objects.exists()


def _leave_a_line(portal: Portal) -> User:
    person = builders.make_user(portal)
    now = clock()
    portal_changes.record(portal=portal, act=PortalAct.PORTAL, by=person, now=now)
    audit.record(portal=portal, app=XERO, action="MADE_UP", by=person, now=now)
    return person
