"""Made-up portals, people and learners for the demo. Running it again changes nothing.

Learners come from the simulator's contacts, so that the demo's two sides know the same people;
only what the simulator says over HTTP is used. Without a simulator forty are made up.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from django.conf import settings
from django.db import transaction

from lrm.models import Learner, LrmRole, Portal, User

PASSWORD = "demo"  # noqa: S105 - the demo's, printed at its start; never where DEBUG is off
TIMEOUT_SECONDS = 60
BATCH = 2000
MADE_UP = 40

_LEARNER_NUMBER = re.compile(r"L\d{6}")

# Names for learners who are in no ledger yet; none of them is a person.
_GIVEN = ("Amara", "Bodhi", "Chloé", "Dinh", "Elsie", "Farid", "Gita", "Hamish")
_FAMILY = ("Appleyard", "Bờ", "de Castella", "Everly", "O'Rourke", "Quandong", "Saltbush")
_TOWNS = (
    ("Dubbo", "NSW", "2830"),
    ("Ballarat", "VIC", "3350"),
    ("Toowoomba", "QLD", "4350"),
    ("Bunbury", "WA", "6230"),
)
# Mobile numbers that Australia's regulator (ACMA) keeps for fiction.
_MOBILES = ("0491 570 006", "0491 570 156", "0491 570 157", "0491 570 158", "0491 570 159")


class DemoRefused(Exception):
    """Demo people have well-known passwords: they are made only where DEBUG is on."""


class SimulatorUnreachable(Exception):
    """The simulator did not answer with its books."""


@dataclass(frozen=True)
class Person:
    """A demo user."""

    username: str
    first_name: str
    last_name: str
    portal_admin: bool = False
    role: LrmRole = LrmRole.USER
    accounts: bool = False


PEOPLE = {
    ("demo", "Wattle Creek Training"): (
        Person("admin", "Alex", "Ironbark", portal_admin=True, role=LrmRole.ADMIN),
        Person("staff", "Sam", "Banksia"),
        Person("accounts", "Ari", "Grevillea", accounts=True),
    ),
    ("other", "Saltbush Skills Institute"): (
        Person("stranger", "Kit", "Mulga", portal_admin=True, role=LrmRole.ADMIN, accounts=True),
    ),
}


def seed(*, now: datetime, simulator_url: str = "") -> dict[str, int]:
    """Make what is missing and return how many portals, users and learners were made.

    :raises DemoRefused: when DEBUG is off.
    :raises SimulatorUnreachable: when `simulator_url` gives no books; nothing is made then.
    """
    if not settings.DEBUG:
        raise DemoRefused("Demo data only loads where DEBUG is on.")
    details = learners_of_simulator(simulator_url) if simulator_url else made_up(MADE_UP)
    made = {"portals": 0, "users": 0, "learners": 0}
    with transaction.atomic():
        for (slug, name), people in PEOPLE.items():
            portal, created = Portal.objects.get_or_create(slug=slug, defaults={"name": name})
            made["portals"] += created
            made["users"] += _make_users(portal, people)
            learners = [*details, *made_up(5, prefix="N")] if slug == "demo" else made_up(3)
            made["learners"] += _make_learners(portal, learners, now=now)
    return made


def learners_of_simulator(url: str) -> list[dict[str, Any]]:
    """Return the details of a learner for every contact whose number is a learner's.

    :raises SimulatorUnreachable: when the books cannot be read.
    """
    try:
        answer = requests.get(f"{url.rstrip('/')}/simulator/books", timeout=TIMEOUT_SECONDS)
        answer.raise_for_status()
        contacts = answer.json()["contacts"]
    except (requests.RequestException, KeyError, ValueError) as error:
        raise SimulatorUnreachable(f"No books at {url}: {type(error).__name__}") from error
    return [
        _details_of_contact(contact)
        for contact in contacts
        if _LEARNER_NUMBER.fullmatch(contact.get("number") or "")
    ]


def _details_of_contact(contact: dict[str, Any]) -> dict[str, Any]:
    address = contact.get("address") or {}
    given, family = contact.get("given_name") or "", contact.get("family_name") or ""
    details = {
        "number": contact["number"],
        "given_name": given if family else "",
        # A contact without a family name keeps its whole name where names must not be empty.
        "family_name": family or given or contact["name"],
        "email": contact.get("email") or "",
        "phone": _phone(contact, "DEFAULT"),
        "mobile": _phone(contact, "MOBILE"),
        "address_line": ", ".join(filter(None, (address.get("line1"), address.get("line2")))),
        "city": address.get("city") or "",
        "region": address.get("region") or "",
        "postal_code": address.get("postal_code") or "",
        "country": address.get("country") or "Australia",
    }
    return {name: _fitting(name, value) for name, value in details.items()} | {
        "sync_to_xero": contact.get("status") == "ACTIVE"
    }


def _phone(contact: dict[str, Any], kind: str) -> str:
    """Return a number as people type it at home: Xero's area code and number, no country."""
    phones = [one for one in contact.get("phones") or [] if one["kind"] == kind]
    return " ".join(filter(None, (phones[0]["area"], phones[0]["number"]))) if phones else ""


def _fitting(name: str, value: str) -> str:
    """Cut a text to its column: Xero's fields are longer than ours."""
    longest = {field.name: field.max_length for field in Learner._meta.fields}
    return value[: longest[name]]


def made_up(count: int, *, prefix: str = "M") -> list[dict[str, Any]]:
    """Return details of learners who are in no ledger; their numbers start with `prefix`."""
    learners = []
    for n in range(count):
        given, family = _GIVEN[n % len(_GIVEN)], _FAMILY[n % len(_FAMILY)]
        city, region, postal_code = _TOWNS[n % len(_TOWNS)]
        learners.append(
            {
                "number": f"{prefix}{n + 1:06}",
                "given_name": given,
                "family_name": family,
                "email": f"learner.{prefix.lower()}{n + 1}@example.com",
                "mobile": _MOBILES[n % len(_MOBILES)],
                "address_line": f"{n + 1} Wattle Street",
                "city": city,
                "region": region,
                "postal_code": postal_code,
            }
        )
    return learners


def _make_users(portal: Portal, people: Iterable[Person]) -> int:
    made = 0
    for person in people:
        if User.objects.filter(username=person.username).exists():
            continue
        User.objects.create_user(
            person.username,
            email=f"{person.username}@example.com",
            password=PASSWORD,
            first_name=person.first_name,
            last_name=person.last_name,
            portal=portal,
            is_portal_admin=person.portal_admin,
            lrm_role=person.role,
            is_accounts=person.accounts,
        )
        made += 1
    return made


def _make_learners(portal: Portal, details: Sequence[dict[str, Any]], *, now: datetime) -> int:
    """Insert the learners whose numbers the portal does not have.

    `learner_saved` is not sent: these are already contacts, or wait for a person to push them.
    """
    known = set(portal.learners.values_list("number", flat=True))
    # The last of several contacts with one number wins; Xero keeps numbers unique anyway.
    fresh = {row["number"]: row for row in details if row["number"] not in known}
    Learner.objects.bulk_create(
        [Learner(portal=portal, created_at=now, updated_at=now, **row) for row in fresh.values()],
        batch_size=BATCH,
    )
    return len(fresh)
