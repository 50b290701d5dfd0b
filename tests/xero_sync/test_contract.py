"""What the product asks of Xero, and reads of its answers, is what the contract promises.

The calls are not listed here: the product makes them, through a recorder, while it connects,
syncs, takes events, pushes and opens an invoice. Each must be an operation of the contract, with
parameters, filters and bodies that it declares, and each act must make the calls that it is about.
"""

import contextlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from invoices.models import Document
from lrm.roster import learners
from tests.contract import conformity, extract, recording
from tests.support import builders, webhook_receiver, xero
from tests.support.linked import Linked, clock
from xero_sync import tasks
from xero_sync.models import SyncRun

LISTS = {f"GET /{kind}" for kind in ("Invoices", "CreditNotes", "Overpayments", "Prepayments")}
SINGLES = {
    "GET /CreditNotes/{CreditNoteID}",
    "GET /Overpayments/{OverpaymentID}",
    "GET /Prepayments/{PrepaymentID}",
}
WALK = {"where", "order", "page", "pageSize", "unitdp", "includeArchived"}
RESYNC = "/settings/connected-apps/xero/resync/"


@pytest.fixture
def recorder(linked: Linked, settings: Settings) -> Iterator[recording.Recorder]:
    """Put a recorder between the connected portal and Xero."""
    with recording.between(linked.world.url) as recorder:
        settings.XERO_API_URL = recorder.url
        yield recorder


def connect_again(linked: Linked) -> None:
    """Disconnect, and connect anew."""
    browser = xero.Browser(linked.world, linked.manager, lambda **_: contextlib.nullcontext())
    browser.post(xero.DISCONNECT)
    browser.connect()


def learn_of_the_organisation(linked: Linked) -> None:
    """Let the worker's first turn find out what the organisation is called, and the like."""
    tasks.sweep(linked.organisation.pk)


def sweep(linked: Linked) -> None:
    """Sweep everything, twice: the second time only what was modified since."""
    linked.sweep()
    linked.sweep()


def resync(linked: Linked) -> None:
    """Ask for some days on the page, and work on that until it is done."""
    linked.sweep()
    days = [clock().date() - timedelta(days=days) for days in (60, 30)]
    form = {"date_from": str(days[0]), "date_to": str(days[1])}
    assert builders.client_of(linked.manager).post(RESYNC, form).status_code == 302
    assert linked.work(SyncRun.objects.get(is_first=False)).finished_at is not None


def take_events(linked: Linked) -> None:
    """Let something change of every kind, and take the webhooks of it."""
    linked.sweep()
    _deliver(_webhooks_of_everything(linked))
    linked.take_events()


def take_events_one_by_one(linked: Linked) -> None:
    """Take them while Xero refuses to look for several credits at once."""
    linked.sweep()
    _deliver(_webhooks_of_everything(linked))
    for kind in ("CreditNotes", "Overpayments", "Prepayments"):
        json = {"Content-Type": "application/json"}
        linked.world.fail(f"/{kind}$", status=400, headers=json, body='{"Message": "Too many"}')
    linked.take_events()


def push(linked: Linked) -> None:
    """Save a learner with every detail, change it, and ones whose number or name is taken."""
    details: dict[str, Any] = {
        "number": "L900001",
        "given_name": "Imogen",
        "family_name": "Made-Up",
        "email": "imogen@example.com",
        "phone": "02 5550 0001",
        "mobile": "0400 000 001",
        "address_line": "1 Made-Up Street",
        "city": "Dubbo",
        "region": "NSW",
        "postal_code": "2830",
        "country": "Australia",
        "sync_to_xero": True,
    }
    learner = _save(linked, details)
    linked.push()
    _save(linked, {**details, "email": "new@example.com"}, learner)
    linked.push()
    taken = next(one for one in linked.books()["contacts"] if one["number"])
    _save(linked, {**details, "number": taken["number"], "family_name": "Other"})
    linked.world.do("contacts", act="create", name='Wren "Jenny" Example')
    named = {"number": "L900002", "given_name": 'Wren "Jenny"', "family_name": "Example"}
    _save(linked, {**details, **named})
    linked.push()


def open_online(linked: Linked) -> None:
    """Click on View Invoice."""
    linked.sweep()
    document = Document.objects.filter(kind="INVOICE", status="AUTHORISED")[0]
    answer = builders.client_of(linked.manager).get(f"/documents/{document.pk}/online/")
    assert answer.status_code == 302


def _webhooks_of_everything(linked: Linked) -> list[webhook_receiver.Post]:
    invoice = next(
        one
        for one in linked.books()["documents"]
        if (one["type"], one["status"]) == ("ACCREC", "AUTHORISED")
    )
    received = {"contact_id": invoice["contact_id"], "amount": "25.50"}
    with webhook_receiver.listening() as listener:
        linked.world.do("webhooks", url=listener.url, key=webhook_receiver.KEY, enabled=True)
        linked.world.do("contacts", act="create", name="Wren Example")
        for act in ("overpayment", "prepayment"):
            linked.world.do("documents", act=act, **received)
        linked.world.do("documents", act="credit", id=invoice["xero_id"])
        linked.world.do("webhooks/flush")
        linked.world.do("webhooks", enabled=False)
    return listener.posts


def _deliver(posts: list[webhook_receiver.Post]) -> None:
    for post in posts:
        answer = Client().post(
            "/webhooks/xero/",
            post.body,
            content_type="application/json",
            headers={"x-xero-signature": post.signature},
        )
        assert answer.status_code == 200


def _save(linked: Linked, details: dict[str, Any], learner: Any = None) -> Any:
    return learners.save_learner(
        portal=linked.portal,
        details=learners.LearnerDetails(**details),
        by=linked.manager,
        now=clock(),
        learner=learner,
    )


Act = Callable[[Linked], None]
# Each act, with the operations and the parameters that it must have used, else it proves nothing.
ACTS: dict[Act, tuple[set[str], set[str]]] = {
    connect_again: ({"GET /Connections", "DELETE /Connections/{id}"}, set()),
    sweep: ({*LISTS, "GET /Contacts"}, {*WALK, "if-modified-since"}),
    resync: (LISTS, WALK),
    take_events: ({*LISTS, "GET /Contacts"}, {"IDs", "where", "page", "pageSize", "unitdp"}),
    take_events_one_by_one: (SINGLES, set()),
    push: (
        {"PUT /Contacts", "POST /Contacts", "GET /Contacts"},
        {"summarizeErrors", "where", "idempotency-key"},
    ),
    learn_of_the_organisation: ({"GET /Organisation"}, set()),
    open_online: ({"GET /Invoices/{InvoiceID}/OnlineInvoice"}, set()),
}


@pytest.mark.parametrize("act", ACTS, ids=[act.__name__ for act in ACTS])
def test_calls_are_those_of_the_contract(
    linked: Linked, recorder: recording.Recorder, settings: Settings, act: Act
) -> None:
    settings.XERO_WEBHOOK_KEYS = [webhook_receiver.KEY]

    operations, parameters = ACTS[act]

    act(linked)

    used = set()
    for one in recorder.exchanges:
        is_identity = one.path.startswith("/connections")
        interface = extract.interface("identity" if is_identity else "accounting")
        used.add(conformity.operation_of(interface, one.method, one.path))
        assert conformity.faults_of(interface, one) == [], one.path
    assert operations <= used
    assert parameters <= {name for one in recorder.exchanges for name in (*one.query, *one.headers)}
