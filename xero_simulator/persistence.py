"""What a restart takes up again: one file, written at a clean stop and read at the next start.

Every part that must remember something adds itself to `World.memories`, as it adds itself to
`on_reset`. The books are made from the options at each start, so the file holds only what was
changed since, and fits only the books that it was made for. Its first line tells for which, and
the digest of the second line, which holds all the rest. Only made-up data is in it, but a signing
key and tokens too: nobody but its owner may read it.
"""

import hashlib
import os
import sys
from pathlib import Path
from typing import Any

import orjson

from xero_simulator import serialization, simulation

FORMAT = 1


class Broken(Exception):
    """The file is not one that this simulator has written."""


def take_up(here: simulation.World, path: Path) -> None:
    """Go on where the file says that a simulator of the same books stopped.

    Where it cannot, one line on stderr tells why, and the start is a fresh one; a file that cannot
    be read is kept beside for whoever wants to look at it.

    :raises OSError: the file is there but out of reach.
    """
    try:
        head, body = _read(path)
        if head["books"] != _books_of(here):
            _say(f"{path} was kept for other books ({head['books']}): starting anew")
            return
        _take_up_all(here, body)
    except FileNotFoundError:
        return
    except Broken as broken:
        aside = path.with_name(f"{path.name}.broken")
        path.replace(aside)
        _say(f"{path} is broken ({broken}) and now called {aside.name}: starting anew")


def keep(here: simulation.World, path: Path) -> None:
    """Write the file, in one piece or not at all; trouble is told in one line on stderr."""
    told = {name: serialization.pack(part.tell()) for name, part in here.memories.items()}
    body = orjson.dumps(told)
    head = {"format": FORMAT, "books": _books_of(here), "sha256": _digest(body)}
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
        _say(f"nothing could be kept in {path}: {error.strerror}")


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


def _take_up_all(here: simulation.World, body: dict[str, Any]) -> None:
    """Take up every part or none."""
    if body.keys() != here.memories.keys():
        raise Broken("it has other parts")
    try:
        read = {name: serialization.unpack(here.memories[name].form, body[name]) for name in body}
        for name, value in read.items():
            here.memories[name].take_up(value)
    except (ValueError, LookupError) as error:
        here.reset()
        raise Broken(f"it does not fit: {error}") from error


def _books_of(here: simulation.World) -> str:
    """Tell what decides the seeded books, in words, and which ones came of it."""
    options = here.options
    ids = hashlib.sha256()
    for organisation in here.organisations.values():
        ids.update(organisation.books.seeded_digest)
    return (
        f"seed {options.seed}, {options.organisations} organisations, {options.documents} "
        f"documents, {options.contacts} contacts, anchor {options.anchor}, {ids.hexdigest()[:8]}"
    )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _say(words: str) -> None:
    print(f"xero_simulator: {words}", file=sys.stderr, flush=True)  # noqa: T201 - its one output.
