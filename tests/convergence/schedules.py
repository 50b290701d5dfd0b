"""Schedules: one seed, one list of steps, played to the end and told so that it can be replayed.

Drawn from a seeded generator with even chances. Hypothesis, tried first, draws its few dozen
examples as variations of each other, and here every example costs a second. What it is best at is
done by hand: of a schedule that failed, steps are left out for as long as it still fails.
"""

import random
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from tests.convergence import steps
from tests.convergence.stage import Stage
from tests.convergence.steps import Step
from tests.support.tally import LOST, PLAYED, name_of, tally

SHRINK_SECONDS = 60.0
_SHORTEST, _LONGEST = 8, 24
_TURNS: tuple[steps.Turn, ...] = ("sweep", "events", "run")
_ACTS = (
    *("pay", "void", "credit", "allocate", "deallocate", "touch", "approve"),
    *("set_reference", "redate", "rewrite"),
)
_GATEWAY: tuple[dict[str, Any], ...] = (
    *(
        {"named": name}
        for name in (
            *("unauthorised", "token_expired", "forbidden", "minute", "day", "concurrent"),
            *("appminute", "maintenance", "offline", "unavailable", "bad_json", "empty_html_500"),
        )
    ),
    *({"status": status} for status in (500, 502, 504)),
    *({"cut": cut} for cut in ("before", "after")),
    {"delay_seconds": 0.1},
    {"late_seconds": 0.1},
)
# No lost reply to a refresh: the clock then jumps over the half-hour in which it can be mended.
_IDENTITY: tuple[dict[str, Any], ...] = (
    {"status": 503},
    {"cut": "before"},
    {"status": 400, "body": '{"error":"invalid_grant"}'},
)
# A list is never answered so.
_GONE = {"status": 404, "body": "The resource you're looking for cannot be found"}


def draw(seed: int) -> list[Step]:
    """Return the schedule of a seed; most begin with books that are in step already."""
    chance = random.Random(seed)
    filled: list[Step] = [steps.Work("sweep"), steps.Work("run")]
    begin = filled if chance.random() < 0.7 else []
    return begin + [_step(chance) for _ in range(chance.randint(_SHORTEST, _LONGEST))]


def _step(chance: random.Random) -> Step:
    kinds = list(_KINDS)
    return chance.choices(kinds, weights=[_KINDS[kind] for kind in kinds])[0](chance)


def _pick(chance: random.Random) -> int:
    return chance.randrange(10_000)


def _change_document(chance: random.Random) -> Step:
    act = chance.choice([*_ACTS, "edit_due_date_silently"])
    return steps.ChangeDocument(
        act, _pick(chance), chance.choice([100, 50, 10]), chance.randint(0, 400)
    )


def _new_document(chance: random.Random) -> Step:
    return steps.NewDocument(
        act=chance.choice(["raise", "raise", "overpayment", "prepayment"]),
        pick=_pick(chance),
        amount=chance.choice(["0.01", "99.95", "1234.56"]),
        kind=chance.choice(["ACCREC", "ACCREC", "ACCPAY"]),
        status=chance.choice(["AUTHORISED", "AUTHORISED", "DRAFT"]),
        days=chance.randint(0, 400),
    )


def _change_contact(chance: random.Random) -> Step:
    act = chance.choice(["create", "rename", "update", "archive", "restore", "merge"])
    return steps.ChangeContact(act, _pick(chance), _pick(chance))


def _webhooks(chance: random.Random) -> Step:
    return steps.Webhooks(
        lose_next=chance.choice([0, 0, 1, 20]),
        double=chance.random() < 0.5,
        shuffle=chance.random() < 0.5,
        delay_seconds=chance.choice([0, 0, 120]),
        lose_chance=chance.choice([0, 0, 0.2]),
        double_chance=chance.choice([0, 0.3]),
    )


def _fault(chance: random.Random) -> Step:
    roll = chance.random()
    collection = chance.choice(["", *steps.COLLECTIONS])
    if roll < 0.1:
        return steps.Fault(_told(chance.choice(_IDENTITY)), "", 1, "identity")
    if roll < 0.15:
        return steps.Fault(_told(_GONE), "/.+-", 1)
    if roll < 0.2:
        spoilt = {"named": chance.choice(["unknown_enum", "nulls"])}
        return steps.Fault(_told(spoilt), chance.choice(steps.COLLECTIONS[:4]), 1)
    return steps.Fault(_told(chance.choice(_GATEWAY)), collection, chance.randint(1, 3))


def _told(answer: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(answer.items())


def _overtake(chance: random.Random) -> Step:
    first = chance.choice(["events", "events", *_TURNS])
    return steps.Overtake(_pick(chance), first, chance.choice(["sweep", "sweep", "events"]))


_KINDS: dict[Callable[[random.Random], Step], int] = {
    _change_document: 16,
    _new_document: 8,
    _change_contact: 8,
    lambda chance: steps.TouchMany(chance.randint(1, 40), _pick(chance)): 4,
    _webhooks: 4,
    lambda chance: steps.Drift(chance.choice([0, 1, 2, 5])): 3,
    lambda _: steps.Deliver(): 4,
    _fault: 12,
    lambda chance: steps.Pass(chance.randint(1, 40)): 6,
    lambda chance: steps.Age(chance.randint(6, 40)): 6,
    lambda _: steps.Flush(): 3,
    lambda chance: steps.AskForRun(chance.choice([3000, 200, 30])): 6,
    lambda _: steps.MakeDue(): 4,
    lambda chance: steps.Work(chance.choice(_TURNS)): 10,
    lambda chance: steps.Kill(chance.choice(_TURNS), chance.randint(1, 200)): 12,
    lambda chance: steps.Stall(chance.choice(_TURNS), chance.randint(1, 200)): 6,
    lambda _: steps.Wake(): 4,
    _overtake: 10,
}


def play(stage: Stage, *, seed: int, shrink: bool) -> None:
    """Play the schedule of a seed.

    :raises AssertionError: it did not converge; tells the smallest part of it that does not.
    """
    schedule = draw(seed)
    tally.count(f"{PLAYED}schedules of documents")
    found = _failure(stage, schedule)
    if not found:
        return
    tally.count(LOST)
    if shrink:
        schedule, found = _smallest(stage, schedule, found)
    lines = "\n".join(f"    {step}" for step in schedule)
    raise AssertionError(
        f"{found}\nOf the schedule of seed {seed}, these steps lead there:\n{lines}\n"
        f"Replay: pytest tests/convergence --schedules 1 --schedule-seed {seed}"
    )


def play_all(stage: Stage, *, seeds: Iterable[int]) -> None:
    """Play the schedules of these seeds up to the first that fails; see `play`."""
    for seed in seeds:
        play(stage, seed=seed, shrink=False)


def _failure(stage: Stage, schedule: Iterable[Step]) -> str:
    """Play steps and return what went wrong; empty where all is well."""
    stage.begin()
    try:
        for step in schedule:
            tally.count(name_of(step))
            step.play(stage)
        found = stage.converge()
    except AssertionError as error:
        stage.abandon()
        return str(error)
    told = [f"{kind} {xero_id}: {text}" for (kind, xero_id), text in found.items()]
    return "\n".join([f"{len(found)} differ from Xero's books.", *told[:3]]) if found else ""


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
