"""`python -m xero_simulator`: the pretend Xero as a command."""

import argparse
import datetime
import os
from pathlib import Path

from xero_simulator import habits, server, simulations

# Reaches the simulators that somebody else starts, such as those of a whole product.
RECORD_VARIABLE = "XERO_SIMULATOR_RECORD"


def parse(arguments: list[str] | None = None) -> simulations.Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="xero_simulator", description="A pretend Xero.")
    add = parser.add_argument
    default = simulations.Options()
    add("--port", type=int, required=True, help="0 takes a free port")
    add("--host", default=default.host)
    add("--seed", type=int, default=default.seed)
    add("--documents", type=int, default=default.documents, help="of the first organisation")
    add("--contacts", type=int, default=default.contacts, help="of the first organisation")
    add("--organisations", type=int, default=default.organisations, help="at least 3")
    add("--max-page-size", type=int, default=default.max_page_size, help="serve smaller pages")
    add(
        "--most-listed",
        type=int,
        default=default.most_listed,
        help="refuse lists of more records, paged ones too; 0 refuses none",
    )
    add("--no-limits", dest="limits", action="store_false", help="never answer 429")
    add("--minute-limit", type=int, default=default.minute_limit)
    add("--day-limit", type=int, default=default.day_limit)
    add("--concurrent-limit", type=int, default=default.concurrent_limit)
    add("--app-minute-limit", type=int, default=default.app_minute_limit)
    add("--clock-speed", type=float, default=default.clock_speed, help="times real time")
    add(
        "--anchor",
        type=datetime.date.fromisoformat,
        help="the day that the books lead up to, today by default",
    )
    add("--span-days", type=int, default=default.span_days, help="how far the books reach back")
    add("--webhook-url", default="")
    add("--webhook-key", default="")
    add(
        "--webhook-timeout",
        type=float,
        default=default.webhook_timeout,
        help="real seconds that the receiver may take; Xero's own figure by default",
    )
    add(
        "--tier",
        choices=sorted(habits.CONNECTIONS_OF_TIER),
        help="what the app pays for: how many connections it may have, and calls a day",
    )
    add("--client-id", default=default.client_id)
    add("--client-secret", default=default.client_secret)
    add("--redirect-uri", dest="redirect_uris", action="append", default=[])
    add("--state", type=Path, help="a file: remember in it what a restart takes up again")
    add(
        "--record",
        type=Path,
        default=os.environ.get(RECORD_VARIABLE),
        help=f"a file: write every call to it, one line each; or by {RECORD_VARIABLE}",
    )
    add(
        "--voids-show-due",
        action="store_true",
        help="void documents go on showing what was due; by default they show nothing",
    )
    add("--public-url", default="", help="where clients reach it, http://localhost:PORT by default")
    values = vars(parser.parse_args(arguments))
    values["redirect_uris"] = tuple(values["redirect_uris"])
    if tier := values.pop("tier"):
        values["habits"] = habits.Habits(most_connections=habits.CONNECTIONS_OF_TIER[tier])
        values["day_limit"] = min(values["day_limit"], habits.DAY_OF_TIER.get(tier, 10**9))
    return simulations.Options(**values)


def main() -> None:
    """Run the simulator until it is told to stop."""
    options = parse()
    try:
        server.run(options)
    except OSError as error:
        raise SystemExit(f"xero_simulator cannot listen on port {options.port}: {error}") from error


if __name__ == "__main__":
    main()
