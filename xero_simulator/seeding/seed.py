"""The seeded start: who has a login, which organisations exist, and their books."""

import random
import zoneinfo

from xero_simulator import clock, simulations
from xero_simulator.faults import faults
from xero_simulator.identity import connection_registry, tokens
from xero_simulator.ledger import ledgers, organisation
from xero_simulator.seeding import generate, people

APP_NAME = "Wattle Creek LRM"


def build_simulation(options: simulations.Options) -> simulations.Simulation:
    """Build the simulation of these options; nobody has connected anything yet."""
    time = clock.Clock(options.clock_speed)
    simulation = simulations.Simulation(
        options=options,
        clock=time,
        rng=random.Random(options.seed),
        app=simulations.RegisteredApp(
            options.client_id, options.client_secret, options.redirect_uris, APP_NAME
        ),
        faults=faults.Faults(seed=options.seed),
        tokens=tokens.TokenRegistry(time, issuer=lambda: options.public_url),
        connections=connection_registry.ConnectionRegistry(time),
    )
    tenth = max(60, options.documents // 10), max(20, options.contacts // 10)
    _add(
        simulation,
        "Wattle Creek Training Pty Ltd",
        ("!wC1aU", "AUSEASTERNSTANDARDTIME", "AU", "AUD"),
        (options.documents, options.contacts),
    )
    _add(
        simulation,
        "Wattle Creek Training NZ Limited",
        ("!wC2nZ", "NEWZEALANDSTANDARDTIME", "NZ", "NZD"),
        tenth,
    )
    _add(simulation, "Demo Company (AU)", ("!dM3aU", "AUSEASTERNSTANDARDTIME", "AU", "AUD"), tenth)
    for number in range(len(simulation.organisations) + 1, options.organisations + 1):
        _add(
            simulation,
            f"Training Provider {number:04d} Pty Ltd",
            (f"!tP{number}", "AUSEASTERNSTANDARDTIME", "AU", "AUD"),
            (options.documents, options.contacts),
        )
    _add_users(simulation)
    return simulation


def _add(
    simulation: simulations.Simulation,
    name: str,
    traits: tuple[str, str, str, str],
    counts: tuple[int, int],
) -> None:
    short_code, timezone, country, currency = traits
    tenant_id = people.fixed_id(f"tenant/{name}")
    rng = random.Random(f"{simulation.options.seed}/{name}")
    books = ledgers.Books(
        time=simulation.clock,
        rng=rng,
        zone=zoneinfo.ZoneInfo(organisation.ZONES[timezone]),
        base_currency=currency,
        notify=lambda change: simulation.notify(simulations.Change(found.tenant_id, *change)),
    )
    # What is today in one start may be yesterday in the next: the options name the day itself.
    anchor = simulation.options.anchor = simulation.options.anchor or simulation.clock.now().date()
    span = simulation.options.span_days
    made = generate.make_books(rng, generate.Profile(country, currency, anchor, *counts, span))
    for document in made.documents:
        document.keeps_due = simulation.options.voids_show_due
    books.load(made.cast.everybody, made.documents, made.counters)
    found = organisation.Organisation(
        tenant_id, name, short_code, timezone, country, currency, books
    )
    simulation.organisations[tenant_id] = found


def _add_users(simulation: simulations.Simulation) -> None:
    """Add three people: one with every organisation, one with one, one with none."""
    tenants = tuple(simulation.organisations)
    for given_name, family_name, tenant_ids in (
        ("Priya", "Nair", tenants),
        ("Tom", "Reid", tenants[:1]),
        ("Alex", "Moana", ()),
    ):
        email = f"{given_name}.{family_name}@example.com".lower()
        user_id = people.fixed_id(f"user/{email}")
        simulation.users[user_id] = simulations.XeroUser(
            user_id, email, given_name, family_name, tenant_ids
        )
