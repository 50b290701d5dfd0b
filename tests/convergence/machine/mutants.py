"""Each mend taken out again, one at a time: what the machine must notice.

Each comes with what is told of it, the shortest way to its fault, and with the words that the
machine has for it. A search by a seed must find it, too, among so many examples.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from connected_apps import signals
from tests.convergence.machine.example import Step, Told
from tests.convergence.machine.on_the_way import UNFORESEEN
from xero_sync.api import errors, list_queries, responses
from xero_sync.maintenance import contact_balances, contact_counts, counts, full_readings
from xero_sync.pull import page_sizes, pager
from xero_sync.sweeps import beginnings, sweeper
from xero_sync.webhooks import deliveries

Mutant = Callable[[pytest.MonkeyPatch], None]


def lists_ask_for_one_spelling(patch: pytest.MonkeyPatch) -> None:
    """Lists and counts of sales ask for the usual spelling of their types alone."""
    real: Any = vars(list_queries.Listing)["types_asked"]

    def asked(listing: list_queries.Listing) -> Any:
        found = real.fget(listing)
        return found[:1] if listing.types is None else found

    patch.setattr(list_queries.Listing, "types_asked", property(asked))


def proof_shares_the_filter(patch: pytest.MonkeyPatch) -> None:
    """The same, and nothing is counted without that filter."""
    lists_ask_for_one_spelling(patch)
    patch.setattr(counts.Count, "_unknown", lambda *_: 0)


def balances_are_not_compared(patch: pytest.MonkeyPatch) -> None:
    """No figure of Xero's own is held against what a contact owes here."""
    patch.setattr(contact_balances, "compare", lambda **_: None)


def contacts_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    """Nobody notices that a contact is missing."""
    patch.setattr(contact_counts.ContactCount, "check", lambda *_: None)


def resumed_sweep_skips_a_page(patch: pytest.MonkeyPatch) -> None:
    """A sweep that was broken off goes on a page too late."""
    walk = pager.walk

    def late(*arguments: Any, first_page: int = 1, **options: Any) -> pager.Walk:
        later = first_page if first_page == 1 else first_page + 1
        return walk(*arguments, first_page=later, **options)

    patch.setattr(pager, "walk", late)


def resumed_sweep_trusts_its_page_number(patch: pytest.MonkeyPatch) -> None:
    """A sweep up to a moment goes on where it was, however much has left its list meanwhile."""
    patch.setattr(sweeper, "_may_have_moved", lambda _: False)
    patch.setattr(pager, "_have_left", lambda *_: 0)


def every_rejection_is_about_length(patch: pytest.MonkeyPatch) -> None:
    """Any 400 is answered by asking for less."""
    patch.setattr(errors.Rejected, "is_about_filter", property(lambda _: False))


def one_kind_stops_all(patch: pytest.MonkeyPatch) -> None:
    """After a kind that Xero rejects no other is swept."""
    sweep_one = sweeper._sweep_one

    def sweep(*given: Any) -> Any:
        turn = sweep_one(*given)
        if turn is not None and turn.retry is not None:
            turn.retry = dataclasses.replace(turn.retry, needs_person=False)
        return turn

    patch.setattr(sweeper, "_sweep_one", sweep)


def pages_never_shrink(patch: pytest.MonkeyPatch) -> None:
    """A page that took too long is asked for again unchanged."""
    patch.setattr(page_sizes, "_smaller", lambda _: None)


def page_that_is_not_full_is_the_last(patch: pytest.MonkeyPatch) -> None:
    """A list that tells no count ends with the first page that is smaller than asked for."""
    fetch = list_queries.fetch

    def told(*arguments: Any, **options: Any) -> responses.Page:
        page = fetch(*arguments, **options)
        return page if page.page_count else dataclasses.replace(page, page_count=options["page"])

    patch.setattr(list_queries, "fetch", told)


def nothing_is_read_anew(patch: pytest.MonkeyPatch) -> None:
    """What Xero changes silently stays as it was."""
    patch.setattr(full_readings, "read", lambda **_: None)


def beginning_is_made_after_the_commit(patch: pytest.MonkeyPatch) -> None:
    """What a connection needs is made after it stands, and nobody repairs what is missing."""
    send = signals.send_connected
    patch.setattr(
        signals,
        "send_connected",
        lambda **given: transaction.on_commit(lambda: send(**given), robust=True),
    )
    patch.setattr(beginnings, "repair", lambda **_: None)


def one_poisons_all(patch: pytest.MonkeyPatch) -> None:
    """Deliveries are unpacked together or not at all."""
    together = deliveries._unpack_together

    def unpack(each: Any, now: Any) -> set[int]:
        try:
            with transaction.atomic():
                return together(each, now)
        except deliveries._POISON:
            return set()

    patch.setattr(deliveries, "_unpack_each", unpack)


@dataclasses.dataclass(frozen=True)
class Case:
    """A mutant, what is told of it, what the machine says, and in how many examples it finds it."""

    mutant: Mutant
    told: Told
    says: str
    examples: int
    # Whether `make test` takes it out, too.
    is_quick: bool = False
    # The rules that are drawn where all of them would take hours to come together; all if empty.
    only: tuple[str, ...] = ()


def _begin(*, filled: bool, dies_after: int | None = None) -> Step:
    return "begin", {"deaths": [dies_after], "filled": filled}


def _work(turn: str) -> Step:
    return "work", {"turn": turn, "at": 0, "dies_after": None}


def _harm(what: str, pick: int) -> Step:
    return "harm", {"at": 0, "pick": pick, "what": what}


def _new(act: str, pick: int) -> Step:
    given = {"act": act, "pick": pick, "kind": "ACCREC", "status": "AUTHORISED"}
    return "new_document", {**given, "is_announced": False}


_LATER = ("time_passes", {"minutes": 6})
CASES = (
    Case(
        lists_ask_for_one_spelling,
        (_begin(filled=True), _new("prepayment", 1)),
        says="is not here at",
        examples=600,
    ),
    Case(
        proof_shares_the_filter,
        (_begin(filled=True), _new("overpayment", 1), _work("check")),
        says="are proven, and Xero has",
        examples=600,
    ),
    Case(
        balances_are_not_compared,
        (_begin(filled=True), _harm("amount", 3)),
        says="In Xero and here contacts owe",
        examples=600,
    ),
    Case(
        contacts_are_not_counted,
        (_begin(filled=True), _harm("contact", 1)),
        says="differ from Xero's books",
        examples=600,
        is_quick=True,
    ),
    Case(
        resumed_sweep_skips_a_page,
        (
            _begin(filled=False),
            ("walk_is_broken_off", {"collection": "Contacts", "then": "sweep"}),
            _LATER,
            _work("sweep"),
        ),
        says="is not here at",
        examples=600,
    ),
    Case(
        resumed_sweep_trusts_its_page_number,
        (
            _begin(filled=False),
            ("contacts_are_too_many", {"is_broken_off": True, "then": "sweep"}),
            ("change_contact", {"act": "update", "pick": 0, "other": 0}),
            _LATER,
            _work("sweep"),
        ),
        says="is not here at",
        examples=600,
        only=("contacts_are_too_many", "change_contact", "time_passes", "work"),
    ),
    Case(
        every_rejection_is_about_length,
        (
            _begin(filled=False),
            ("list_is_rejected", {"collection": "Invoices", "then": "run"}),
        ),
        says="calls in vain",
        examples=600,
    ),
    Case(
        one_kind_stops_all,
        (
            _begin(filled=True),
            ("list_is_rejected", {"collection": "Invoices", "then": "sweep_now"}),
        ),
        says="are rejected, so nobody asked for",
        examples=600,
    ),
    Case(
        pages_never_shrink,
        (_begin(filled=False), ("pages_are_slow", {"collection": "Invoices"})),
        says="Never done",
        examples=600,
    ),
    Case(
        page_that_is_not_full_is_the_last,
        (
            _begin(filled=False),
            ("lists_tell_no_count", {"collection": "Contacts", "then": "sweep"}),
        ),
        says="is not here at",
        examples=600,
    ),
    Case(
        nothing_is_read_anew,
        (_begin(filled=True), ("change_silently", {"pick": 2})),
        says="differ from Xero's books",
        examples=600,
    ),
    Case(
        beginning_is_made_after_the_commit,
        # At the statement after the commit, counted from the press of *Connect*.
        (_begin(filled=False, dies_after=35),),
        says="DoesNotExist",
        examples=600,
    ),
    Case(
        one_poisons_all,
        (_begin(filled=True), ("deliver_poison", {"body": UNFORESEEN})),
        says="Never done",
        examples=600,
    ),
)
