"""What a restart restores: one file, written at a clean stop and read at the next start.

Every part whose state must outlive the process adds itself to `Simulation.snapshot_parts`. The
books are made from the options at each start, so the file holds only what was changed since, and
fits only the books that it was made for. Its first line names those books and holds the digest of
the second line, which holds all the rest. Only made-up data is in it, but a signing key and tokens
too: nobody but its owner may read it.

A file of an earlier release is read as well, as long as the names of parts and fields are the same:
they are this file's format, the names of types are not.
"""

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import orjson

from xero_simulator import serialization, simulations

FORMAT = 1


class Broken(Exception):
    """The file is not one that this simulator has written."""


def restore(simulation: simulations.Simulation, path: Path) -> None:
    """Go on where a simulator of the same books stopped.

    Where the file does not allow that, one line on stderr says why, and the start is a fresh one; a
    file that cannot be read is renamed for whoever wants to look at it.

    :raises OSError: the file is there but out of reach.
    """
    try:
        head, body = _read(path)
        if head["books"] != _books_of(simulation):
            _warn(f"{path} was kept for other books ({head['books']}): starting anew")
            return
        _restore_all(simulation, body)
    except FileNotFoundError:
        return
    except Broken as broken:
        renamed = path.with_name(f"{path.name}.broken")
        path.replace(renamed)
        _warn(f"{path} is broken ({broken}) and now called {renamed.name}: starting anew")


def save(simulation: simulations.Simulation, path: Path) -> None:
    """Write the file, in one piece or not at all; a failure is one line on stderr."""
    snapshots = {
        name: serialization.pack(part.snapshot())
        for name, part in simulation.snapshot_parts.items()
    }
    body = orjson.dumps(snapshots)
    head = {"format": FORMAT, "books": _books_of(simulation), "sha256": _digest(body)}
    fresh = path.with_name(f"{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(head) + b"\n" + body + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        _warn(f"nothing could be kept in {path}: {error.strerror}")


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    first, _, second = path.read_bytes().partition(b"\n")
    body = second.removesuffix(b"\n")
    try:
        head = orjson.loads(first)
        if head["format"] != FORMAT:
            raise Broken(f"its format is {head['format']}, not {FORMAT}")
        if head["sha256"] != _digest(body):
            raise Broken("its digest is wrong")
        return {"books": head["books"]}, orjson.loads(body)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise Broken("it is no state of a simulator") from error


def _restore_all(simulation: simulations.Simulation, body: dict[str, Any]) -> None:
    """Restore every part or none."""
    parts = simulation.snapshot_parts
    if body.keys() != parts.keys():
        raise Broken("it has other parts")
    try:
        snapshots = {name: serialization.unpack(parts[name].form, body[name]) for name in body}
        for name, snapshot in snapshots.items():
            parts[name].restore(snapshot)
    except (ValueError, LookupError) as error:
        simulation.reset()
        raise Broken(f"it does not fit: {error}") from error


def _books_of(simulation: simulations.Simulation) -> str:
    """Name the seeded books: the options that decide them, and a digest of their ids."""
    options = simulation.options
    ids = hashlib.sha256()
    for organisation in simulation.organisations.values():
        ids.update(organisation.books.seeded_digest)
    return (
        f"seed {options.seed}, {options.organisations} organisations, {options.documents} "
        f"documents, {options.contacts} contacts, anchor {options.anchor}, "
        f"{options.span_days} days, {ids.hexdigest()[:8]}"
    )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _warn(words: str) -> None:
    print(f"xero_simulator: {words}", file=sys.stderr, flush=True)  # noqa: T201 - its one output.
