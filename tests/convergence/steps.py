"""What may happen in a schedule: each step is plain values, so that it prints as what it was."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal, Protocol

from tests.convergence.stage import LONG, Stage
from tests.support import valkey_flush

Turn = Literal["events", "sweep", "run"]
COLLECTIONS = ("Invoices", "CreditNotes", "Overpayments", "Prepayments", "Contacts")


class Bookkeeping(Protocol):
    """What a step needs that only changes Xero's books."""

    # Documents that changed without a word.
    silent: set[str]

    def show_books(self) -> dict[str, Any]:
        """Return all that the organisation has in Xero."""

    def act(self, path: str, **given: Any) -> bool:
        """Do something in Xero; return whether it was allowed."""

    def now(self) -> datetime:
        """Read the clock."""


@dataclass(frozen=True)
class ChangeDocument:
    """Somebody does something to a document in Xero; what is not allowed does not happen."""

    act: str
    pick: int
    percent: int = 100
    days: int = 0

    def play(self, stage: Bookkeeping) -> None:
        """Pick the document among all there are, bills too."""
        documents = sorted(stage.show_books()["documents"], key=lambda one: one["xero_id"])
        able = [one for one in documents if _ABLE.get(self.act, _anything)(one)]
        if not able:
            return
        one = able[self.pick % len(able)]
        given = {"act": self.act, "id": one["xero_id"], **self._values(one)}
        if self.act == "allocate":
            invoices = [each for each in able if each["kind"] == "Invoices"]
            same = ("contact_id", "currency")
            fitting = [each for each in invoices if all(each[name] == one[name] for name in same)]
            if not fitting:
                return
            given["invoice_id"] = fitting[-1]["xero_id"]
        done = stage.act("documents", **given)
        if done and self.act == "edit_due_date_silently":
            stage.silent.add(one["xero_id"])

    def _values(self, one: dict[str, Any]) -> dict[str, Any]:
        """Return what the acts take; each takes its own."""
        left = float(one["amount_due"]) + float(one["remaining_credit"])
        amount = f"{left * self.percent / 100:.2f}"
        day = date.fromisoformat(one["date"]) - timedelta(days=self.days)
        line = {"description": f"Line {self.pick}", "unit_amount": f"{self.days + 1}.37"}
        return {
            "date": day.isoformat(),
            "due_date": day.isoformat(),
            "reference": f"Ref {self.pick}",
            "lines": [line] * (1 + self.pick % 3),
            # Whether the invoice's UpdatedDateUTC moves with the credit's nobody knows.
            "moves_invoice": self.days % 2 == 0,
            **({"amount": amount} if self.percent < 100 else {}),
        }


def _anything(one: dict[str, Any]) -> bool:
    return True


def _is_open(one: dict[str, Any]) -> bool:
    return bool(one["status"] == "AUTHORISED")


def _is_applied_credit(one: dict[str, Any]) -> bool:
    return one["kind"] != "Invoices" and bool(one["allocations"])


# Of which documents an act makes sense; of all where it is not named.
_ABLE: dict[str, Callable[[dict[str, Any]], bool]] = {
    "pay": _is_open,
    "credit": _is_open,
    "allocate": _is_open,
    "deallocate": _is_applied_credit,
}


# What money that is received or spent is called; Xero's specification knows two spellings.
_TYPES = {
    ("overpayment", "ACCREC"): ("RECEIVE-OVERPAYMENT", "AROVERPAYMENT"),
    ("overpayment", "ACCPAY"): ("SPEND-OVERPAYMENT", "APOVERPAYMENT"),
    ("prepayment", "ACCREC"): ("RECEIVE-PREPAYMENT", "ARPREPAYMENT"),
    ("prepayment", "ACCPAY"): ("SPEND-PREPAYMENT", "APPREPAYMENT"),
}


@dataclass(frozen=True)
class NewDocument:
    """Somebody writes a document in Xero."""

    act: str
    pick: int
    amount: str
    kind: str = "ACCREC"
    status: str = "AUTHORISED"
    days: int = 0

    def play(self, stage: Bookkeeping) -> None:
        """Write it for one of the active contacts."""
        contacts = sorted(stage.show_books()["contacts"], key=lambda one: one["contact_id"])
        active = [one for one in contacts if one["status"] == "ACTIVE"]
        contact = active[self.pick % len(active)]
        day = stage.now().date() - timedelta(days=self.days + 1)
        types = _TYPES.get((self.act, self.kind), (self.kind,))
        stage.act(
            "documents",
            act=self.act,
            contact_id=contact["contact_id"],
            amount=self.amount,
            type=types[self.pick % len(types)],
            status=self.status,
            date=day.isoformat(),
        )


@dataclass(frozen=True)
class ChangeContact:
    """Somebody does something to a contact in Xero."""

    act: str
    pick: int
    other: int = 0

    def play(self, stage: Bookkeeping) -> None:
        """Pick the contact among all there are, archived ones too."""
        contacts = sorted(stage.show_books()["contacts"], key=lambda one: one["contact_id"])
        one, two = (contacts[at % len(contacts)]["contact_id"] for at in (self.pick, self.other))
        name = f"Made-Up {self.pick} of {len(contacts)}"
        stage.act(
            "contacts",
            act="update" if self.act == "rename" else self.act,
            id=one,
            loser=one,
            winner=two,
            **({"name": name} if self.act in ("create", "rename") else {}),
            email=f"someone{self.other}@example.com",
        )


@dataclass(frozen=True)
class TouchMany:
    """A storm: many documents change at once."""

    count: int
    seed: int

    def play(self, stage: Stage) -> None:
        """Touch them."""
        stage.act("touch", count=self.count, seed=self.seed)


@dataclass(frozen=True)
class Webhooks:
    """How deliveries go wrong from now on."""

    lose_next: int
    double: bool
    shuffle: bool
    delay_seconds: int
    # Of an event, to be lost; of a POST, to be doubled.
    lose_chance: float = 0.0
    double_chance: float = 0.0

    def play(self, stage: Stage) -> None:
        """Turn the knobs."""
        stage.world.do("webhooks", **self.__dict__)


@dataclass(frozen=True)
class Drift:
    """Documents change by themselves while somebody walks: one at every so-many-th page."""

    every: int

    def play(self, stage: Stage) -> None:
        """Let them."""
        stage.world.do("drift", every=self.every)


@dataclass(frozen=True)
class Deliver:
    """What is pending leaves at once."""

    def play(self, stage: Stage) -> None:
        """Flush it."""
        stage.world.do("webhooks/flush")


@dataclass(frozen=True)
class Fault:
    """The next calls go wrong."""

    answer: tuple[tuple[str, Any], ...]
    collection: str
    times: int
    host: str = "api"

    def play(self, stage: Stage) -> None:
        """Script it."""
        match = {"host": self.host, "path": self.collection}
        stage.world.do("faults", match=match, times=self.times, answer=dict(self.answer))


@dataclass(frozen=True)
class Pass:
    """Time passes, here and in Xero."""

    minutes: int

    def play(self, stage: Stage) -> None:
        """Move both clocks."""
        stage.later(timedelta(minutes=self.minutes))


@dataclass(frozen=True)
class Age:
    """Time passes and everything is swept: what happened before lies behind every overlap."""

    minutes: int

    def play(self, stage: Stage) -> None:
        """Move both clocks, then sweep."""
        stage.later(timedelta(minutes=self.minutes))
        stage.make_due()
        stage.work("sweep")


@dataclass(frozen=True)
class Flush:
    """Valkey loses everything."""

    def play(self, stage: Stage) -> None:
        """Flush this test's database."""
        valkey_flush.forget_all()


@dataclass(frozen=True)
class AskForRun:
    """A person asks for a re-sync."""

    days: int

    def play(self, stage: Stage) -> None:
        """Ask."""
        stage.ask_for_run(days=self.days)


@dataclass(frozen=True)
class MakeDue:
    """Everything is to be swept."""

    def play(self, stage: Stage) -> None:
        """Ask."""
        stage.make_due()


@dataclass(frozen=True)
class Work:
    """A worker takes a turn to its end."""

    turn: Turn

    def play(self, stage: Stage) -> None:
        """Work."""
        stage.work(self.turn)


@dataclass(frozen=True)
class Kill:
    """A worker is killed so many milliseconds into its turn."""

    turn: Turn
    after: int

    def play(self, stage: Stage) -> None:
        """Kill it where it is."""
        pid = stage.start(self.turn)
        if pid is not None:
            time.sleep(self.after / 1000)
            stage.crew.signal(pid, signal.SIGKILL)
            stage.finish(pid)


@dataclass(frozen=True)
class Stall:
    """A worker stops in the middle of its turn, for as long as it takes until `Wake`."""

    turn: Turn
    after: int

    def play(self, stage: Stage) -> None:
        """Stop it where it is."""
        pid = stage.start(self.turn)
        if pid is not None:
            time.sleep(self.after / 1000)
            stage.crew.signal(pid, signal.SIGSTOP)
            stage.stalled.append(pid)


@dataclass(frozen=True)
class Wake:
    """All workers that were stopped go on."""

    def play(self, stage: Stage) -> None:
        """Wake them."""
        stage.wake()


@dataclass(frozen=True)
class Overtake:
    """A worker's answer is under way when the document changes again, which another worker sees.

    The second change's webhook is lost, so nothing but the rule on versions keeps the late
    answer from winning.
    """

    pick: int
    first: Turn
    second: Turn

    def play(self, stage: Stage) -> None:
        """Change, fetch late, change, fetch, arrive."""
        documents = sorted(stage.show_books()["documents"], key=lambda one: one["xero_id"])
        sales = [one for one in documents if one["type"] in ("ACCREC", "ACCRECCREDIT")]
        one = sales[self.pick % len(sales)]
        change = {"act": "set_reference", "id": one["xero_id"]}
        # The way is free: no fault, no lease, nothing put off stands before the first worker.
        stage.world.heal()
        stage.wake()
        stage.later(LONG)
        stage.world.do("webhooks", lose_next=0)
        stage.work("events")
        stage.act("documents", **change, reference=f"Before {self.pick}")
        stage.world.do("webhooks/flush")
        stage.make_due()
        stage.until_none_is_held()
        match, late = {"host": "api", "path": one["kind"]}, {"late_seconds": 3600}
        stage.world.do("faults", match=match, times=1, answer=late)
        pid = stage.start(self.first)
        if pid is not None:
            stage.until_held(pid)
        stage.world.heal()
        stage.world.do("webhooks", lose_next=1)
        stage.act("documents", **change, reference=f"After {self.pick}")
        # Longer than a sweep overlaps the one before.
        stage.later(timedelta(minutes=8))
        stage.make_due()
        stage.work(self.second)
        stage.later(timedelta(hours=1))
        if pid is not None:
            stage.finish(pid)


Step = (
    ChangeDocument
    | NewDocument
    | ChangeContact
    | TouchMany
    | Webhooks
    | Drift
    | Deliver
    | Fault
    | Pass
    | Age
    | Flush
    | AskForRun
    | MakeDue
    | Work
    | Kill
    | Stall
    | Wake
    | Overtake
)
