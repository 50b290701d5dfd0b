"""Schedules of identities: one seed, one list of steps, played to the end, and shrunk if it fails.

Drawn like those of documents (`tests.convergence.schedules`). People mostly go together, number and
name and address, and often enough they do not. Into each is woven one story that chance alone would
rarely tell (`motifs`).
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.convergence.identities import motifs, steps
from tests.convergence.identities.stage import Stage
from tests.convergence.identities.steps import Step
from tests.support.tally import LOST, PLAYED, name_of, tally

SCHEDULES = 40  # Played where nobody asks for more.
# Well within the time that a test has, or nobody would be told what was found.
SHRINK_SECONDS = 120.0
_SHORTEST, _LONGEST = 6, 14
_SLOTS = (3, 2)
# How often a number, a name or an address is another person's.
_MIXED = 0.3
# One schedule in so many kills real processes as well.
_KILLS_PROCESSES = 10
_FAULTS: tuple[dict[str, Any], ...] = (
    {"cut": "after"},
    {"cut": "after"},
    {"cut": "before"},
    *({"named": name} for name in ("unauthorised", "minute", "concurrent", "unavailable")),
    *({"named": name} for name in ("bad_json", "empty_html_500", "maintenance")),
    {"status": 502},
)
_CHANGES = (
    *("rename", "renumber", "unnumber", "readdress", "become", "become", "invoice"),
    *("archive", "restore", "archive", "restore"),
)


def draw(seed: int) -> list[Step]:
    """Return the schedule of a seed; it begins with some people on both sides."""
    chance = random.Random(seed)
    begin = [_make_contact(chance) for _ in range(chance.randint(0, 2))]
    begin += [_save(chance) for _ in range(chance.randint(0, 2))]
    begin += [steps.Work("sweep", side) for side in (0, 1)] if chance.random() < 0.7 else []
    kinds = _KINDS | ({_kill: 8} if seed % _KILLS_PROCESSES == 0 else {})
    more = chance.choices(list(kinds), list(kinds.values()), k=chance.randint(_SHORTEST, _LONGEST))
    found = begin + [kind(chance) for kind in more]
    at = chance.choice([0, len(begin), chance.randrange(len(found))])
    return found[:at] + chance.choice(motifs.ALL)(chance) + found[at:]


def _person(chance: random.Random) -> tuple[int, int, int]:
    """Return number, name and address, mostly of one person."""
    who = chance.randrange(len(steps.PEOPLE))
    mixed = [chance.randrange(len(steps.PEOPLE)) for _ in range(3)]
    number, name, email = (each if chance.random() < _MIXED else who for each in mixed)
    return number, name, chance.choice([email, email, len(steps.EMAILS) - 1])


def _where(chance: random.Random) -> tuple[int, int]:
    side = chance.choice([0, 0, 1])
    return side, chance.randrange(_SLOTS[side])


def _save(chance: random.Random) -> Step:
    side, slot = _where(chance)
    return steps.Save(side, slot, *_person(chance), ticked=chance.random() < 0.75)


def _tick(chance: random.Random) -> Step:
    return steps.Tick(*_where(chance), ticked=chance.random() < 0.6)


def _swap(chance: random.Random) -> Step:
    side, slot = _where(chance)
    return steps.Swap(side, slot, chance.randrange(_SLOTS[side]))


def _make_contact(chance: random.Random) -> Step:
    number, name, email = _person(chance)
    spelling = chance.choice([0, 0, *range(len(steps.SPELLINGS))])
    return steps.MakeContact(chance.choice([number, -1]), name, email, spelling)


def _change_contact(chance: random.Random) -> Step:
    return steps.ChangeContact(chance.choice(_CHANGES), _pick(chance), _pick(chance))


def _merge(chance: random.Random) -> Step:
    number = chance.choice(["stays", "stays", "moves", "freed"])
    return steps.Merge(_pick(chance), _pick(chance), chance.random() < 0.3, number)


def _answer(chance: random.Random) -> Step:
    return steps.Answer(*_where(chance), _pick(chance), chance.choice(["yes", "no"]))


def _pick(chance: random.Random) -> int:
    return chance.randrange(100)


def _push(chance: random.Random) -> Step:
    return steps.Work("push", chance.choice([0, 0, 1]), _death(chance))


def _sweep(chance: random.Random) -> Step:
    return steps.Work("sweep", chance.choice([0, 1]), _death(chance))


def _death(chance: random.Random) -> int | None:
    return chance.randint(1, 90) if chance.random() < 0.25 else None


def _kill(chance: random.Random) -> Step:
    return steps.Kill(chance.choice([0, 1]), chance.randint(1, 150))


def _fault(chance: random.Random) -> Step:
    answer = tuple(chance.choice(_FAULTS).items())
    return steps.Fault(answer, chance.choice(["", "PUT", "PUT", "POST", "GET"]), 1)


def _webhooks(chance: random.Random) -> Step:
    return steps.Webhooks(
        lose_next=chance.choice([0, 1, 20]),
        double=chance.random() < 0.5,
        shuffle=chance.random() < 0.5,
    )


_KINDS: dict[Callable[[random.Random], Step], int] = {
    _save: 20,
    _tick: 6,
    _swap: 5,
    _make_contact: 7,
    _change_contact: 14,
    _merge: 6,
    _answer: 10,
    _push: 22,
    _sweep: 8,
    _fault: 8,
    _webhooks: 3,
    lambda _: steps.Heal(): 2,
    lambda _: steps.Deliver(): 7,
    lambda chance: steps.Pass(chance.randint(1, 30)): 6,
    lambda _: steps.Flush(): 2,
}


def play(stage: Stage, *, seed: int, shrink: bool) -> None:
    """Play the schedule of a seed.

    :raises AssertionError: something was wrong; tells the smallest part of it that is.
    """
    schedule: Sequence[Step] = draw(seed)
    tally.count(f"{PLAYED}schedules of identities")
    found = _failure(stage, schedule)
    if not found:
        return
    tally.count(LOST)
    if shrink:
        schedule, found = _smallest(stage, schedule, found)
    lines = "\n".join(f"    {step}" for step in schedule)
    raise AssertionError(
        f"{found}\nOf the schedule of seed {seed}, these steps lead there:\n{lines}\n"
        "Replay: pytest tests/convergence/identities --identity-schedules 1 "
        f"--identity-seed {seed}"
    )


def play_steps(stage: Stage, schedule: Iterable[Step]) -> str:
    """Play steps and return what went wrong; empty where all is well."""
    return _failure(stage, schedule)


def _failure(stage: Stage, schedule: Iterable[Step]) -> str:
    stage.begin()
    try:
        for step in schedule:
            tally.count(name_of(step))
            step.play(stage)
            stage.look()
        stage.converge()
    except AssertionError as error:
        return str(error)
    return ""


def _smallest(stage: Stage, schedule: Sequence[Step], found: str) -> tuple[list[Step], str]:
    """Leave out halves, quarters, single steps, as long as it fails and there is time."""
    ends = time.monotonic() + SHRINK_SECONDS
    smallest, size = list(schedule), len(schedule) // 2
    while size:
        at = 0
        while at < len(smallest):
            if time.monotonic() > ends:
                return smallest, found
            less = smallest[:at] + smallest[at + size :]
            if failure := _failure(stage, less):
                smallest, found = less, failure
            else:
                at += size
        size //= 2
    return smallest, found
