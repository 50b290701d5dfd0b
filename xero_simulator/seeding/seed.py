"""The seeded start: who has a login, which organisations exist, and their books."""

import functools
import random
import zoneinfo

from xero_simulator import clock, simulation
from xero_simulator.faults import faults
from xero_simulator.ledger import books, organisation
from xero_simulator.seeding import generate, people

APP_NAME = "Wattle Creek LRM"


def build_world(options: simulation.Options) -> simulation.World:
    """Build the world of these options; tokens and connections are added by the server."""
    built = simulation.World(
        options=options,
        clock=clock.Clock(options.clock_speed),
        rng=random.Random(options.seed),
        app=simulation.RegisteredApp(
            options.client_id, options.client_secret, options.redirect_uris, APP_NAME
        ),
        faults=faults.Faults(seed=options.seed),
    )
    built.memories["clock"] = simulation.Memory(float, built.clock.ahead, built.clock.set_ahead)
    built.memories["organisations"] = simulation.Memory(
        dict[str, organisation.Kept],
        lambda: {key: each.tell() for key, each in built.organisations.items()},
        functools.partial(_take_up, built),
    )
    tenth = max(60, options.documents // 10), max(20, options.contacts // 10)
    _add(
        built,
        "Wattle Creek Training Pty Ltd",
        ("!wC1aU", "AUSEASTERNSTANDARDTIME", "AU", "AUD"),
        (options.documents, options.contacts),
    )
    _add(
        built,
        "Wattle Creek Training NZ Limited",
        ("!wC2nZ", "NEWZEALANDSTANDARDTIME", "NZ", "NZD"),
        tenth,
    )
    _add(built, "Demo Company (AU)", ("!dM3aU", "AUSEASTERNSTANDARDTIME", "AU", "AUD"), tenth)
    for number in range(len(built.organisations) + 1, options.organisations + 1):
        _add(
            built,
            f"Training Provider {number:04d} Pty Ltd",
            (f"!tP{number}", "AUSEASTERNSTANDARDTIME", "AU", "AUD"),
            (options.documents, options.contacts),
        )
    _add_users(built)
    return built


def _add(
    built: simulation.World, name: str, traits: tuple[str, str, str, str], counts: tuple[int, int]
) -> None:
    short_code, timezone, country, currency = traits
    tenant_id = people.fixed_id(f"tenant/{name}")
    rng = random.Random(f"{built.options.seed}/{name}")
    kept = books.Books(
        time=built.clock,
        rng=rng,
        zone=zoneinfo.ZoneInfo(organisation.ZONES[timezone]),
        base_currency=currency,
        tell=functools.partial(_tell, built, tenant_id),
    )
    # What is today in one start may be yesterday in the next: the options name the day itself.
    anchor = built.options.anchor = built.options.anchor or built.clock.now().date()
    made = generate.make_books(rng, generate.Profile(country, currency, anchor, *counts))
    kept.load(made.cast.everybody, made.documents, made.counters)
    built.organisations[tenant_id] = organisation.Organisation(
        tenant_id, name, short_code, timezone, country, currency, kept
    )


def _take_up(built: simulation.World, kept: dict[str, organisation.Kept]) -> None:
    for tenant_id, each in kept.items():
        built.organisations[tenant_id].take_up(each)


def _tell(built: simulation.World, tenant_id: str, *what: object) -> None:
    built.tell(simulation.Change(tenant_id, *what))  # type: ignore[arg-type]


def _add_users(built: simulation.World) -> None:
    """Add three people: one with every organisation, one with one, one with none."""
    tenants = tuple(built.organisations)
    for given_name, family_name, tenant_ids in (
        ("Priya", "Nair", tenants),
        ("Tom", "Reid", tenants[:1]),
        ("Alex", "Moana", ()),
    ):
        email = f"{given_name}.{family_name}@example.com".lower()
        user_id = people.fixed_id(f"user/{email}")
        built.users[user_id] = simulation.XeroUser(
            user_id, email, given_name, family_name, tenant_ids
        )
