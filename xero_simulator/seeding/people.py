"""Made-up learners, employers and suppliers."""

import random
import uuid
from typing import NamedTuple

from xero_simulator.ledger import records

FIRST_NAMES = (
    *("Amelia", "Noah", "Priya", "Liam", "Mei", "Oliver", "Zahra", "Jack", "Isla", "Hamish"),
    *("Thảo", "Siobhán", "José", "Aroha", "Mateo", "Ngaire", "Yusuf", "Chloé", "Ravi", "Bindi"),
    *("Grace", "Ethan", "Fatima", "Lachlan", "Sana", "Tāne", "Ruby", "Kofi", "Ines", "Darcy"),
)
LAST_NAMES = (
    *("Nguyen", "O'Brien", "Singh", "Müller", "Te Rangi", "Wilson", "D'Souza", "Chen", "Kelly"),
    *("Papadopoulos", "García", "Taylor", "van der Berg", "Rahman", "Mac Giolla", "Ito", "Brown"),
    *("Łukasik", "Hughes", "Okafor", "Martin", "Cooper", "Desai", "Walker", "Sørensen", "Ali"),
)
EMPLOYERS = ("Banksia Aged Care", "Little Gumnuts Childcare", "Harbour & Vine Catering")
SUPPLIERS = ("Ironbark Properties", "Southern Cross Energy", "Paperbark Print", "Bright Cleaning")
STREETS = ("Wattle St", "Creek Rd", "George St", "Karangahape Rd", "Banksia Ave")
PLACES = {
    "AU": (("Parramatta", "NSW", "2150"), ("Geelong", "VIC", "3220"), ("Cairns", "QLD", "4870")),
    "NZ": (("Auckland", "", "1010"), ("Ōtautahi", "", "8011"), ("Hamilton", "", "3204")),
}
COUNTRY_NAMES = {"AU": "Australia", "NZ": "New Zealand"}


class Cast(NamedTuple):
    """Everybody an organisation deals with."""

    learners: list[records.Contact]
    employers: list[records.Contact]
    suppliers: list[records.Contact]

    @property
    def everybody(self) -> list[records.Contact]:
        """Return all of them."""
        return [*self.learners, *self.employers, *self.suppliers]


def random_id(rng: random.Random) -> str:
    """Return an id like Xero's, about a microsecond each: 100,000 documents need many."""
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def make_cast(rng: random.Random, count: int, country: str, updated_ms: int) -> Cast:
    """Make so many contacts: mostly learners, some employers and suppliers.

    Every ContactNumber stays with one contact; employers and suppliers have none. Two learners
    are namesakes, two share an e-mail address, a few are archived and one was merged.
    """
    employers = max(2, count * 6 // 100)
    suppliers = max(3, count * 12 // 100)
    names: dict[str, int] = {}
    learners = [
        _learner(rng, number, names, country, updated_ms + number)
        for number in range(1, max(8, count - employers - suppliers) + 1)
    ]
    _add_oddities(learners)
    offset = updated_ms + len(learners)
    return Cast(
        learners,
        [_company(rng, EMPLOYERS, n, country, offset + n) for n in range(employers)],
        [_company(rng, SUPPLIERS, n, country, offset + employers + n) for n in range(suppliers)],
    )


def _learner(
    rng: random.Random, number: int, names: dict[str, int], country: str, updated_ms: int
) -> records.Contact:
    first, last = rng.choice(FIRST_NAMES), rng.choice(LAST_NAMES)
    name = f"{first} {last}"
    names[name] = seen = names.get(name, 0) + 1
    return records.Contact(
        id=random_id(rng),
        name=name if seen == 1 else f"{name} ({seen})",
        updated_ms=updated_ms,
        number=f"L{number:06d}",
        first_name=first,
        last_name=last,
        email="" if number % 23 == 0 else f"learner{number}@example.com",
        is_customer=True,
        addresses=_addresses(rng, country),
        phones=(
            records.Phone("MOBILE", f"5550 {number % 10_000:04d}", "04", "61"),
            records.Phone("DEFAULT", f"5550 {number % 9_000 + 1_000:04d}", "02", "61"),
        ),
    )


def _add_oddities(learners: list[records.Contact]) -> None:
    """Turn the first few learners into the cases that trip clients up."""
    namesake, twin = learners[2], learners[3]
    twin.first_name, twin.last_name = namesake.first_name, namesake.last_name
    twin.name = f"{namesake.first_name} {namesake.last_name} (Geelong)"
    twin.email = namesake.email or "family@example.com"
    namesake.email = twin.email
    learners[4].name, learners[4].first_name = "Zoë 🌻 Fernández-O'Neill", "Zoë 🌻"
    learners[4].last_name = "Fernández-O'Neill"
    learners[5].name = 'Robert "Bob" Łęcki & Söhne'
    learners[6].status = "ARCHIVED"
    learners[7].status, learners[7].merged_to = "ARCHIVED", learners[1].id
    for learner in learners[60::61]:
        learner.status = "ARCHIVED"


def _company(
    rng: random.Random, names: tuple[str, ...], n: int, country: str, updated_ms: int
) -> records.Contact:
    stem = names[n % len(names)]
    is_supplier = names is SUPPLIERS
    return records.Contact(
        id=random_id(rng),
        name=f"{stem} Pty Ltd" if n < len(names) else f"{stem} No. {n // len(names) + 1} Pty Ltd",
        updated_ms=updated_ms,
        account_number=f"{'S' if is_supplier else 'E'}{n + 1:04d}",
        email=f"accounts{n}@{'supplier' if is_supplier else 'employer'}.example.com",
        is_customer=not is_supplier,
        is_supplier=is_supplier,
        addresses=_addresses(rng, country),
        persons=(records.Person("Pat", "Ledger", f"pat{n}@example.com", True),),
    )


def _addresses(rng: random.Random, country: str) -> tuple[records.Address, ...]:
    city, region, postal_code = rng.choice(PLACES[country])
    line = f"{rng.randrange(1, 400)} {rng.choice(STREETS)}"
    return (
        records.Address("STREET"),
        records.Address("POBOX", line, "", city, region, postal_code, COUNTRY_NAMES[country]),
    )


def fixed_id(name: str) -> str:
    """Return an id that is the same in every start: tenants and users keep theirs."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"https://simulator.example.com/{name}"))
