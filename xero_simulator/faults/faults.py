"""Faults, scripted and random: which call they meet, and what happens instead.

A fault is a rule with a number of uses. The gateway takes the first rule that fits a call and
either answers in Xero's place, delays, corrupts the true answer, or cuts the connection before or
after the call is done. With a chance it meets only a share of the calls, and of several answers
each time one is drawn. All draws come from the seed: the same calls in the same
order meet the same faults.
"""

import itertools
import random
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from xero_simulator.faults import fault_script

NAMED = frozenset(
    (
        "token_expired",
        "unauthorised",
        "forbidden",
        "minute",
        "day",
        "concurrent",
        "appminute",
        "maintenance",
        "offline",
        "unavailable",
        "bad_json",
        "unknown_enum",
        "nulls",
        "untold",
        "empty_html_500",
    )
)
CORRUPTING = frozenset(("bad_json", "unknown_enum", "nulls", "untold"))
_MATCHED = ("path", "query", "method", "tenant", "host", "sent", "holds")


class BadFault(Exception):
    """The script of a fault makes no sense; the message says which part."""


class Answer(NamedTuple):
    """What a fault does. Empty values mean that the part stays as Xero would have it.

    A delayed call is done that much later. A late call is done at once, and its answer leaves that
    much later, so that it is old when it arrives.
    """

    status: int = 0
    body: bytes | None = None
    headers: Mapping[str, str] = {}
    delay_seconds: float = 0.0
    late_seconds: float = 0.0
    cut: str = ""
    named: str = ""
    # Only where the true answer holds this; set by the rule, no part of an answer.
    holds: re.Pattern[str] | None = None

    @property
    def replaces(self) -> bool:
        """Return whether the call is answered without doing anything."""
        return bool(self.status) or (bool(self.named) and self.named not in CORRUPTING)

    @property
    def replaces_at_gateway(self) -> bool:
        """Return whether the gateway answers; an internal error is the answer of a service."""
        is_internal = self.status == 500 or self.named == "empty_html_500" or self.holds is not None
        return self.replaces and not is_internal


class _Rule:
    def __init__(
        self, match: Mapping[str, Any], times: int, chance: float, answers: Sequence[Answer]
    ) -> None:
        self._path = re.compile(match.get("path", ""))
        self._query = re.compile(match.get("query", ""))
        self._method = str(match.get("method", "")).upper()
        self._tenant = str(match.get("tenant", ""))
        self._host = str(match.get("host", ""))
        self.sent = re.compile(match.get("sent", ""))
        self.holds = re.compile(match["holds"]) if match.get("holds") else None
        self.times = times
        self.chance = chance
        self.answers = answers

    def fits(
        self, *, host: str, path: str, query: str, method: str, tenant: str, sent: str
    ) -> bool:
        return (
            self.times != 0
            and self._host in ("", host)
            and self._method in ("", method)
            and self._tenant in ("", tenant)
            and self._path.search(path) is not None
            and self._query.search(query) is not None
            and self.sent.search(sent) is not None
        )


class Faults:
    """The faults in force, first come first served."""

    def __init__(self, *, seed: int) -> None:
        self._seed = seed
        self._rng = random.Random(seed)
        self._rules: dict[int, _Rule] = {}
        self._ids = itertools.count(1)
        # Ids of the elements that were served corrupted; whoever stored one has a wrong copy.
        self.corrupted_ids: list[str] = []

    def add(self, script: Mapping[str, Any]) -> int:
        """Add a fault from its JSON script and return its id.

        `{"match": {"path"?: regex, "query"?: regex of the decoded query, "method"?, "tenant"?,
        "host"?: "api" or "identity", "sent"?: regex of the body that was sent,
        "holds"?: regex of the body that would be answered; who fits all else is counted as met},
        "times"?: n, or -1 for ever, "chance"?: a share of 1, "answer": {"status"?, "body"?,
        "headers"?, "delay_seconds"?, "late_seconds"?, "cut"?: "before" or "after", "named"?}}`.
        In place of one answer there may be a list, of which each time one is drawn.

        :raises BadFault: a part of the script is unknown.
        """
        if wrong := fault_script.wrong_with(script):
            raise BadFault(wrong)
        answer = script.get("answer") or {}
        answers = [_read_answer(one) for one in (answer if isinstance(answer, list) else [answer])]
        chance = _read_chance(script.get("chance", 1))
        match = script.get("match") or {}
        if unknown := set(match) - set(_MATCHED):
            raise BadFault(f"A fault cannot match {', '.join(sorted(unknown))}.")
        try:
            rule = _Rule(match, int(script.get("times", 1)), chance, answers)
        except re.error as error:
            raise BadFault(f"The path of a fault is not a regular expression: {error}.") from error
        number = next(self._ids)
        self._rules[number] = rule
        return number

    @property
    def look_into_bodies(self) -> bool:
        """Whether any fault in force asks for what was sent."""
        return any(rule.sent.pattern for rule in self._rules.values())

    def take(
        self, *, host: str, path: str, method: str, tenant: str, query: str = "", sent: str = ""
    ) -> Answer | None:
        """Return the answer of the first fault that fits this call, and use it up by one."""
        for rule in self._rules.values():
            if rule.fits(
                host=host, path=path, query=query, method=method, tenant=tenant, sent=sent
            ):
                if self._rng.random() >= rule.chance:
                    continue
                if rule.times > 0:
                    rule.times -= 1
                return self._rng.choice(rule.answers)._replace(holds=rule.holds)
        return None

    def clear(self) -> None:
        """Forget all faults, and what was drawn; what they corrupted stays known."""
        self._rules.clear()
        self._rng.seed(self._seed)

    def reset(self) -> None:
        """Forget everything."""
        self.clear()
        self.corrupted_ids.clear()


def _read_chance(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise BadFault("The chance of a fault is a number from 0 to 1.")


def _read_answer(script: Mapping[str, Any]) -> Answer:
    if unknown := set(script) - (set(Answer._fields) - {"holds"}):
        raise BadFault(f"A fault cannot answer {', '.join(sorted(unknown))}.")
    values = dict(script)
    if values.get("named", "") not in NAMED | {""}:
        raise BadFault(f"There is no fault named {values['named']}.")
    if values.get("cut", "") not in ("", "before", "after"):
        raise BadFault("A fault cuts before or after.")
    if isinstance(values.get("body"), str):
        values["body"] = values["body"].encode()
    return Answer(**values)
