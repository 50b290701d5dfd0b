"""The rules: what may happen, in any order. Each is a turn, and is checked after."""

import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from invoices.models import Contact, Document
from tests.convergence import steps
from tests.convergence.identities import steps as people
from tests.convergence.machine import ending
from tests.convergence.machine.checks import Checks
from tests.convergence.machine.stage import SECOND, Stage
from tests.convergence.tally import tally

LISTS = ("Invoices", "CreditNotes", "Overpayments", "Prepayments", "Contacts")
UNREADABLE = '{"ErrorNumber":16,"Type":"QueryParseException","Message":"No such property"}'
# A letter that two letters are upper case of; and what is too deep, with a NUL.
POISON = (
    ('{"events":[{"eventCategory":"' + "\u00df" * 60 + '"}]}').encode(),
    b'{"events":[{"eventCategory":"' + b"\\u0000" + b'","x":' + b"[" * 600 + b"]" * 600 + b"}]}",
    b"[" * 100_000,
)
FAULTS: tuple[dict[str, Any], ...] = (
    *({"cut": cut} for cut in ("before", "after")),
    *({"status": status} for status in (500, 502, 504)),
    *(
        {"named": name}
        for name in (
            *("unauthorised", "token_expired", "forbidden", "minute", "concurrent", "appminute"),
            *("maintenance", "offline", "unavailable", "bad_json", "empty_html_500"),
        )
    ),
    {"named": "unknown_enum"},
    {"named": "untold"},
)
_IDENTITY: tuple[dict[str, Any], ...] = ({"status": 503}, {"cut": "before"})
ACTS = (
    *("pay", "void", "credit", "allocate", "deallocate", "touch", "approve"),
    *("set_reference", "redate", "rewrite"),
)
TURNS = ("events", "sweep", "sweep_now", "run", "push", "check", "compare", "reread")
# More than any turn needs of so small books, with every kind of answer gone wrong.
MOST_CALLS = 90
MOST_CALLS_IN_VAIN = 4

_OPEN = ("AUTHORISED", "SUBMITTED", "DRAFT")
_at = st.sampled_from([0, 0, 1])
_pick = st.integers(0, 30)
_death = st.one_of(st.none(), st.none(), st.integers(0, 90))


def may(**when: Any) -> Callable[[Any], Any]:
    """Make a rule of a method, which a machine that is guided may leave out."""

    def decorate(method: Any) -> Any:
        name = method.__name__
        as_rule: Any = rule(**when)
        return precondition(lambda self: not self.only or name in self.only)(as_rule(method))

    return decorate


class Machine(RuleBasedStateMachine):
    """One example: two portals, one Xero, and what becomes of them."""

    stage: ClassVar[Stage]
    # Names of rules, where a search is guided; all where empty.
    only: ClassVar[tuple[str, ...]] = ()
    # What happens first where a search is guided: rules by name, with what they are given.
    story: ClassVar[tuple[tuple[str, dict[str, Any]], ...]] = ()
    # Whether the books are full before it; as it is drawn where this is None.
    is_filled: ClassVar[bool | None] = None

    def __init__(self) -> None:
        super().__init__()
        self.stage.begin()
        self.checks = Checks(self.stage)
        self._rejected = ""

    @initialize(deaths=st.tuples(_death, _death), filled=st.booleans())
    def begin(self, deaths: tuple[int | None, int | None], filled: bool) -> None:
        """Two people connect, and may be cut off in the middle; most go on with full books."""
        for at in (0, 1):
            self.stage.connect(at, dies_after=deaths[at])
        if filled if self.is_filled is None else self.is_filled:
            for at in (0, 1):
                for turn in ("sweep", "run"):
                    self.stage.work(turn, at)
        for name, given in self.story:
            getattr(self, name)(**given)

    # In Xero.

    @may(act=st.sampled_from(ACTS), pick=_pick, percent=st.sampled_from([100, 50]), days=_pick)
    def change_document(self, act: str, pick: int, percent: int, days: int) -> None:
        """Pay, credit, void, and so on."""
        self._next()
        steps.ChangeDocument(act, pick, percent, days).play(self.stage)

    @may(
        act=st.sampled_from(["raise", "raise", "overpayment", "prepayment"]),
        pick=_pick,
        kind=st.sampled_from(["ACCREC", "ACCREC", "ACCPAY"]),
        status=st.sampled_from(["AUTHORISED", "AUTHORISED", "DRAFT"]),
    )
    def new_document(self, act: str, pick: int, kind: str, status: str) -> None:
        """Raise one, or receive money."""
        self._next()
        steps.NewDocument(act, pick, "99.95", kind, status, days=pick).play(self.stage)

    @may(
        act=st.sampled_from(["create", "rename", "update", "archive", "restore", "merge"]),
        pick=_pick,
        other=_pick,
    )
    def change_contact(self, act: str, pick: int, other: int) -> None:
        """Merge, rename, archive."""
        self._next()
        steps.ChangeContact(act, pick, other).play(self.stage)

    @may(pick=_pick, number=st.sampled_from(["", *people.NUMBERS]))
    def renumber_contact(self, pick: int, number: str) -> None:
        """Give a contact another number."""
        self._next()
        contacts = sorted(self.stage.show_books()["contacts"], key=lambda one: one["contact_id"])
        one = contacts[pick % len(contacts)]["contact_id"]
        self.stage.act("contacts", act="update", id=one, number=number)

    @may(pick=_pick)
    def change_silently(self, pick: int) -> None:
        """Move the due date of an invoice that is paid in part: nothing tells of it."""
        self._next()
        tally.count("change that nothing announces")
        documents = sorted(self.stage.show_books()["documents"], key=lambda one: one["xero_id"])
        able = [one for one in documents if one["type"] == "ACCREC" and one["status"] in _OPEN]
        if able:
            one = able[pick % len(able)]["xero_id"]
            day = self.stage.now().date() + timedelta(days=pick)
            self.stage.act(
                "documents", act="edit_due_date_silently", id=one, due_date=day.isoformat()
            )

    # On the way.

    @may(lose=st.sampled_from([0, 1, 20]), double=st.booleans(), shuffle=st.booleans())
    def webhooks_go_wrong(self, lose: int, double: bool, shuffle: bool) -> None:
        """Lose, double, reorder events from now on."""
        self._next()
        tally.count("events lost, doubled, reordered")
        self.stage.world.do("webhooks", lose_next=lose, double=double, shuffle=shuffle)

    @may()
    def deliver(self) -> None:
        """Let what was held back leave."""
        self._next()
        self.stage.world.do("webhooks/flush")

    @may(body=st.sampled_from(POISON))
    def deliver_poison(self, body: bytes) -> None:
        """Deliver what nobody can take apart, between others."""
        self._next()
        self.stage.deliver_poison(body)
        self.stage.world.do("webhooks/flush")

    @may(
        answer=st.sampled_from(FAULTS),
        collection=st.sampled_from(["", *LISTS]),
        times=st.integers(1, 3),
    )
    def calls_go_wrong(self, answer: dict[str, Any], collection: str, times: int) -> None:
        """Let the next calls fail; where the connection is cut after, the reply is lost."""
        self._next()
        what = f"reply: {' '.join(map(str, next(iter(answer.items()))))}"
        match = {"host": "api", "path": collection}
        self.stage.fail(what, match=match, times=times, answer=answer)

    @may(answer=st.sampled_from(_IDENTITY))
    def tokens_go_wrong(self, answer: dict[str, Any]) -> None:
        """Let the next refresh of a token fail."""
        self._next()
        self.stage.fail("token endpoint", match={"host": "identity"}, times=1, answer=answer)

    @may(collection=st.sampled_from(LISTS))
    def list_is_rejected(self, collection: str) -> None:
        """Let Xero find a kind's question wrong, until all is healed."""
        self._next()
        self._rejected = collection
        answer = {"status": 400, "body": UNREADABLE}
        match = {"path": f"/{collection}$"}
        self.stage.fail("list that Xero rejects", match=match, times=-1, answer=answer)

    @may(collection=st.sampled_from(LISTS))
    def lists_tell_no_count(self, collection: str) -> None:
        """Let Xero not tell how many there are of a kind, until all is healed."""
        self._next()
        answer = {"named": "untold"}
        self.stage.fail(
            "list without a count", match={"path": f"/{collection}$"}, times=-1, answer=answer
        )

    @precondition(lambda self: bool(self.only) and not self.stage.standing)
    @may(collection=st.sampled_from(LISTS))
    def pages_are_slow(self, collection: str) -> None:
        """Let Xero take too long over large pages of a kind, for good."""
        self._next()
        match = {"path": f"/{collection}$", "query": "pageSize=(1000|500)(&|$)"}
        self.stage.fail(
            "page that takes too long",
            stands=True,
            match=match,
            times=-1,
            answer={"delay_seconds": 3600},
        )

    @may()
    def heal(self) -> None:
        """Let calls go well again."""
        self._next()
        self._rejected = ""
        self.stage.heal()

    # Here.

    @may(minutes=st.sampled_from([1, 6, 25, 91, 60 * 25]))
    def time_passes(self, minutes: int) -> None:
        """Let both clocks jump."""
        tally.count("jump of the clock")
        self.stage.clock.later(timedelta(minutes=minutes))

    @may()
    def valkey_forgets(self) -> None:
        """Let Valkey lose everything."""
        self.stage.flush_valkey()

    @may(turn=st.sampled_from(TURNS), at=_at, dies_after=_death)
    def work(self, turn: str, at: int, dies_after: int | None) -> None:
        """Let a worker take a turn, to its end or to its death."""
        self._next()
        self._work(turn, at, dies_after)

    @may(turn=st.sampled_from(TURNS), at=_at)
    def work_without_valkey(self, turn: str, at: int) -> None:
        """Let a worker try while Valkey is away."""
        self._next()
        with self.stage.without_valkey():
            self.stage.work(turn, at)
        self.checks.all()

    @may(at=_at, slot=st.integers(0, 1), person=st.integers(0, 2), ticked=st.booleans())
    def save_learner(self, at: int, slot: int, person: int, ticked: bool) -> None:
        """Have somebody save a learner, perhaps as somebody else than before."""
        self._next()
        self.stage.save(at, slot, people.facts_of(person, person, person), ticked=ticked)
        self._look(at)

    @may(at=_at, days=st.sampled_from([3000, 200, 30]))
    def ask_for_run(self, at: int, days: int) -> None:
        """Have somebody ask for a re-sync."""
        self._next()
        self.stage.ask_for_run(at, days=days)

    @may(at=_at, pick=_pick, what=st.sampled_from(["document", "contact", "amount"]))
    def harm(self, at: int, pick: int, what: str) -> None:
        """Lose or alter a row, as a fault of ours would that nobody has found yet."""
        self._next()
        side = self.stage.sides[at]
        if side is None:
            return
        rows: Any = (
            (Contact if what == "contact" else Document)
            .objects.filter(organisation_id=side.organisation_id)
            .order_by("xero_id")
        )
        if what == "amount":
            rows = rows.filter(status="AUTHORISED")
        if not (found := list(rows)):
            return
        tally.count(f"row harmed here: {what}")
        one = found[pick % len(found)]
        self.checks.harmed.add(str(one.xero_id))
        if what == "amount":
            type(one).objects.filter(pk=one.pk).update(amount_due=one.amount_due + 7)
        else:
            one.delete()

    def _next(self) -> None:
        # Two changes of one millisecond are for a test of their own.
        self.stage.clock.later(SECOND)

    def _work(self, turn: str, at: int, dies_after: int | None) -> None:
        self.stage.new_calls()
        self.stage.work(turn, at, dies_after=dies_after)
        made = self.stage.new_calls()
        assert len(made) <= MOST_CALLS, f"A turn of {turn} cost {len(made)} calls"
        if self._rejected and turn in ("sweep", "sweep_now", "run"):
            vain = [one for one in made if one["path"].endswith(f"/{self._rejected}")]
            assert len(vain) <= MOST_CALLS_IN_VAIN, f"A turn of {turn} cost {len(vain)} in vain"
        self.checks.all()
        self._look(at)

    def _look(self, at: int) -> None:
        side = self.stage.sides[at]
        if side is not None:
            self.checks.pages(side)

    def teardown(self) -> None:
        """Let the example end, where nothing went wrong so far."""
        if sys.exc_info()[0] is None:
            ending.end(self.stage, self.checks)
