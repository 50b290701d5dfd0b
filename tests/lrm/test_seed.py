"""The demo's people."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from invoices.models import ContactLink
from lrm.demo import seed
from lrm.models import Learner, Portal, User
from tests.support.linked import Linked

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

pytestmark = pytest.mark.django_db

CONTACTS = [
    {
        "contact_id": "1",
        "name": "Robin Wattle",
        "number": "L000001",
        "email": "robin@example.com",
        "status": "ACTIVE",
        "given_name": "Robin",
        "family_name": "Wattle",
        "phones": [
            {"kind": "MOBILE", "number": "400 000 001", "area": "", "country": "61"},
            {"kind": "DEFAULT", "number": "5550 1234", "area": "02", "country": "61"},
        ],
        "address": {"line1": "Unit 4", "line2": "1 Creek Road", "city": "Dubbo", "region": "NSW"},
    },
    {"contact_id": "2", "name": "Cher", "number": "L000002", "status": "ARCHIVED"},
    {"contact_id": "3", "name": "Acme Employer", "number": "E000003", "status": "ACTIVE"},
    {"contact_id": "4", "name": "No number", "number": None, "status": "ACTIVE"},
]


@pytest.fixture
def books() -> Iterator[str]:
    """A server that gives the contacts above the way the simulator does."""

    class Books(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/simulator/books" else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"documents": [], "contacts": CONTACTS}).encode())

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet."""

    with HTTPServer(("localhost", 0), Books) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def test_seed_is_refused_when_debug_is_off(settings: Settings) -> None:
    settings.DEBUG = False

    with pytest.raises(CommandError, match="only loads where DEBUG is on"):
        call_command("seed_demo")

    assert not Portal.objects.exists()


def test_seed_makes_people_who_can_sign_in_with_their_rights(settings: Settings) -> None:
    settings.DEBUG = True

    seed.seed(now=NOW)

    rights = {
        user.username: (user.is_portal_admin, user.lrm_role, user.is_accounts)
        for user in User.objects.filter(portal__slug="demo")
    }
    assert rights == {
        "admin": (True, "ADMIN", False),
        "staff": (False, "USER", False),
        "accounts": (False, "USER", True),
    }
    assert Client().login(username="admin", password="demo")
    assert User.objects.get(username="stranger").portal == Portal.objects.get(slug="other")


def test_seed_changes_nothing_when_run_again(settings: Settings) -> None:
    settings.DEBUG = True
    first = seed.seed(now=NOW)
    Learner.objects.filter(number="M000001").update(given_name="Edited")

    again = seed.seed(now=NOW)

    assert first == {"portals": 2, "users": 4, "learners": 40 + 5 + 3}
    assert again == {"portals": 0, "users": 0, "learners": 0}
    assert Learner.objects.filter(given_name="Edited").count() == 2


def test_seed_makes_a_learner_of_every_learner_contact_of_the_simulator(
    settings: Settings, books: str
) -> None:
    settings.DEBUG = True

    call_command("seed_demo", from_simulator=books, verbosity=0)

    learners = Learner.objects.filter(portal__slug="demo", number__startswith="L")
    assert {learner.number: learner.full_name for learner in learners} == {
        "L000001": "Robin Wattle",
        "L000002": "Cher",
    }
    robin = learners.get(number="L000001")
    assert (robin.city, robin.phone, robin.sync_to_xero) == ("Dubbo", "02 5550 1234", True)
    assert robin.address_line == "Unit 4, 1 Creek Road"
    assert not learners.get(number="L000002").sync_to_xero


def test_seed_makes_nothing_when_the_simulator_does_not_answer(settings: Settings) -> None:
    settings.DEBUG = True

    with pytest.raises(CommandError, match="No books at"):
        call_command("seed_demo", from_simulator="http://localhost:1")

    assert not Portal.objects.exists()


def test_seed_inserts_ten_thousand_learners_in_few_queries(
    settings: Settings, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    settings.DEBUG = True
    portal = Portal.objects.create(name="Big", slug="big")
    details = [{"number": f"L{n:06}", "family_name": "Bulk"} for n in range(10_000)]

    with django_assert_max_num_queries(12):
        made = seed._make_learners(portal, details, now=NOW)

    assert made == portal.learners.count() == 10_000


def test_learners_of_the_simulator_are_linked_to_the_contacts_that_they_come_from(
    linked: Linked,
) -> None:
    for details in seed.learners_of_simulator(linked.world.url):
        Learner.objects.create(portal=linked.portal, **details)

    linked.sweep()

    numbered = [one for one in linked.books()["contacts"] if one["number"].startswith("L")]
    links = ContactLink.objects.values_list("learner__number", "contact_xero_id")
    assert {(number, str(contact_id)) for number, contact_id in links} == {
        (one["number"], one["contact_id"]) for one in numbered
    }
