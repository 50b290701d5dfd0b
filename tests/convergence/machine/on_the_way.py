"""Rules of what goes wrong between Xero and here: events, calls, lists."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from tests.convergence.machine.example import LISTS, Example, may
from tests.support.tally import FAULT, tally

UNREADABLE = '{"ErrorNumber":16,"Type":"QueryParseException","Message":"No such property"}'
TOO_MANY = (
    '{"ErrorNumber":10,"Type":"ValidationException","Message":"The number of records is too high"}'
)
# A letter that two letters are upper case of; and what is too deep, with a NUL; and what stands for
# all that nobody thought of, which the stage's database refuses.
UNFORESEEN = b'{"events":[{"eventCategory":"POISON"}]}'
POISON = (
    UNFORESEEN,
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
# A list of all contacts, however it is asked for, but not one that ends at a moment, nor some.
_ALL_CONTACTS = {
    "method": "GET",
    "path": "/Contacts$",
    "query": "^(?!.*(UpdatedDateUTC<|IDs=|ContactNumber))",
}
# Contacts and invoices fill more than a page.
_list = st.sampled_from((*LISTS, "Contacts", "Invoices"))
# Who meets it first: the rarer what goes wrong is met, the longer a search takes.
_then = st.sampled_from(["sweep", "run", "sweep_now", ""])


class OnTheWay(Example):
    """What goes wrong on the way."""

    @may(lose=st.sampled_from([0, 1, 20]), double=st.booleans(), shuffle=st.booleans())
    def webhooks_go_wrong(self, lose: int, double: bool, shuffle: bool) -> None:
        """Lose, double, reorder events from now on."""
        self.next()
        tally.count(f"{FAULT}events lost, doubled, reordered")
        self.stage.world.do("webhooks", lose_next=lose, double=double, shuffle=shuffle)

    @may()
    def deliver(self) -> None:
        """Let what was held back leave."""
        self.next()
        self.stage.world.do("webhooks/flush")

    @may(body=st.sampled_from(POISON))
    def deliver_poison(self, body: bytes) -> None:
        """Deliver what nobody can take apart, between others."""
        self.next()
        self.stage.deliver_poison(body)
        self.stage.world.do("webhooks/flush")

    @may(
        answer=st.sampled_from(FAULTS),
        collection=st.sampled_from(["", *LISTS]),
        times=st.integers(1, 3),
    )
    def calls_go_wrong(self, answer: dict[str, Any], collection: str, times: int) -> None:
        """Let the next calls fail; where the connection is cut after, the reply is lost."""
        self.next()
        what = f"reply: {' '.join(map(str, next(iter(answer.items()))))}"
        match = {"host": "api", "path": collection}
        self.trouble(what, match=match, times=times, answer=answer)

    @may(answer=st.sampled_from(_IDENTITY))
    def tokens_go_wrong(self, answer: dict[str, Any]) -> None:
        """Let the next refresh of a token fail."""
        self.next()
        self.trouble("token endpoint", match={"host": "identity"}, times=1, answer=answer)

    @may(collection=_list, then=_then)
    def list_is_rejected(self, collection: str, then: str) -> None:
        """Let Xero find a kind's question wrong, until all is healed."""
        self.next()
        self.rejected = collection
        answer = {"status": 400, "body": UNREADABLE}
        match = {"path": f"/{collection}$"}
        self.stage.fail("list that Xero rejects", match=match, times=-1, answer=answer)
        self.take_turn(then, 0)

    @may(is_broken_off=st.booleans(), then=_then)
    def contacts_are_too_many(self, is_broken_off: bool, then: str) -> None:
        """Let Xero list contacts between two moments only, until all is healed."""
        self.next()
        self.trouble(
            "list that is too long",
            match=_ALL_CONTACTS,
            times=-1,
            answer={"status": 400, "body": TOO_MANY},
        )
        if is_broken_off:
            self._break_off("Contacts")
        self.take_turn(then, 0)

    @may(collection=_list, then=_then)
    def walk_is_broken_off(self, collection: str, then: str) -> None:
        """Let the second page of the next walk fail, once."""
        self.next()
        self._break_off(collection)
        self.take_turn(then, 0)

    @may(collection=_list, then=_then)
    def lists_tell_no_count(self, collection: str, then: str) -> None:
        """Let Xero not tell how many there are of a kind, until all is healed."""
        self.next()
        match = {"path": f"/{collection}$"}
        self.trouble("list without a count", match=match, times=-1, answer={"named": "untold"})
        self.take_turn(then, 0)

    @may(pick=st.integers(0, 40), is_contact=st.booleans(), then=_then)
    def row_cannot_be_given(self, pick: int, is_contact: bool, then: str) -> None:
        """Let Xero fail wherever one row is on a page, until all is healed."""
        self.next()
        books = self.stage.show_books()
        rows = sorted(
            [one["contact_id"] for one in books["contacts"]]
            if is_contact
            else [one["xero_id"] for one in books["documents"]]
        )
        row = rows[pick % len(rows)]
        # A sweep goes around it; it is looked for by the checks of the next day.
        self.checks.harmed.add(row)
        # Documents name their contact, so the lists of contacts alone fail.
        path = "/Contacts$" if is_contact else "/(Invoices|CreditNotes|Overpayments|Prepayments)$"
        self.trouble(
            "row that cannot be given",
            match={"method": "GET", "path": path, "holds": row},
            times=-1,
            answer={"status": 500},
        )
        self.take_turn(then, 0)

    @precondition(lambda self: not self.stage.standing)
    @may(collection=_list)
    def pages_are_slow(self, collection: str) -> None:
        """Let Xero take too long over large pages of a kind, for good.

        It says so itself, which is the same here as to wait for it in vain.
        """
        self.next()
        self.trouble(
            "page that takes too long",
            stands=True,
            match={"path": f"/{collection}$", "query": "pageSize=(1000|500)(&|$)"},
            times=-1,
            answer={"status": 504},
        )

    @may()
    def heal(self) -> None:
        """Let calls go well again."""
        self.next()
        self.rejected = ""
        self.stage.heal()

    def _break_off(self, collection: str) -> None:
        match = {"path": f"/{collection}$", "query": "(^|&)page=2(&|$)"}
        self.trouble("walk broken off", match=match, times=1, answer={"status": 503})
