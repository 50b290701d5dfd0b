"""Each mend taken out again, one at a time: what the machine must notice.

Each is guided: its story is what the fault needs, so that the first example finds it.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from connected_apps import signals
from tests.convergence.machine.machine import POISON
from xero_sync.api import errors, list_queries, responses
from xero_sync.maintenance import contact_balances, contact_counts, full_readings
from xero_sync.pull import page_sizes, pager
from xero_sync.resources import Resource
from xero_sync.sweeps import beginnings
from xero_sync.webhooks import deliveries

Mutant = Callable[[pytest.MonkeyPatch], None]


def pull_and_proof_share_a_filter(patch: pytest.MonkeyPatch) -> None:
    """Lists and counts ask for one spelling of a type, and Xero uses another."""
    real: Any = vars(list_queries.Listing)["types_asked"]

    def asked(listing: list_queries.Listing) -> Any:
        hides = listing.resource is Resource.PREPAYMENT and listing.types is None
        return ("ARPREPAYMENT",) if hides else real.fget(listing)

    patch.setattr(list_queries.Listing, "types_asked", property(asked))


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


def every_rejection_is_about_length(patch: pytest.MonkeyPatch) -> None:
    """Any 400 is answered by asking for less."""
    patch.setattr(errors.Rejected, "is_about_filter", property(lambda _: False))


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
    waiting: list[Any] = []
    patch.setattr(signals, "send_connected", lambda **given: waiting.append(given))
    patch.setattr(beginnings, "repair", lambda **_: None)


def one_poisons_all(patch: pytest.MonkeyPatch) -> None:
    """Deliveries are unpacked together or not at all."""
    together = deliveries._unpack_together

    def unpack(each: Any, now: Any) -> set[int]:
        try:
            return together(each, now)
        except deliveries._POISON:
            return set()

    patch.setattr(deliveries, "_unpack_each", unpack)


@dataclasses.dataclass(frozen=True)
class Case:
    """A mutant, and the story that its fault needs; what comes after it is drawn."""

    mutant: Mutant
    story: tuple[tuple[str, dict[str, Any]], ...] = ()
    is_filled: bool = True
    # Whether `make test` takes it out, too.
    is_quick: bool = False
    # Whether its story leads there; where it does not yet, tests of its own hold the mend.
    is_noticed: bool = True


def _broken_off() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield turns that die later and later, so that one dies between two pages."""
    for statements in range(10, 50, 4):
        yield "work", {"turn": "sweep", "at": 0, "dies_after": statements}
        yield "time_passes", {"minutes": 6}


_SWEEP = ("work", {"turn": "sweep_now", "at": 0, "dies_after": None})
_PREPAYMENT = {"act": "prepayment", "pick": 0, "kind": "ACCREC", "status": "AUTHORISED"}
CASES = (
    Case(
        pull_and_proof_share_a_filter,
        (
            ("webhooks_go_wrong", {"lose": 20, "double": False, "shuffle": False}),
            ("new_document", _PREPAYMENT),
        ),
    ),
    Case(balances_are_not_compared, (("harm", {"at": 0, "pick": 3, "what": "amount"}),)),
    Case(
        contacts_are_not_counted,
        (("harm", {"at": 0, "pick": 1, "what": "contact"}),),
        is_quick=True,
    ),
    Case(resumed_sweep_skips_a_page, tuple(_broken_off()), is_filled=False),
    Case(
        every_rejection_is_about_length,
        (("list_is_rejected", {"collection": "Invoices"}), _SWEEP),
        is_noticed=False,
    ),
    Case(pages_never_shrink, (("pages_are_slow", {"collection": "Invoices"}), _SWEEP)),
    Case(
        page_that_is_not_full_is_the_last,
        (("lists_tell_no_count", {"collection": "Contacts"}), _SWEEP),
        is_filled=False,
        is_noticed=False,
    ),
    Case(nothing_is_read_anew, (("change_silently", {"pick": 2}),)),
    Case(beginning_is_made_after_the_commit),
    # Each of these bodies is made harmless before it is stored, so that none poisons others.
    Case(one_poisons_all, (("deliver_poison", {"body": POISON[0]}),), is_noticed=False),
)
