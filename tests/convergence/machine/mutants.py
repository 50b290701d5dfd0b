"""Each mend taken out again, one at a time: what the machine must notice.

Each is guided: only the rules that its fault needs, so that few examples find it.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from connected_apps import signals
from xero_sync.api import errors, list_queries, responses
from xero_sync.maintenance import contact_balances, contact_counts, counts, full_readings
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


def documents_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    """Nobody notices that a document is missing."""
    patch.setattr(counts.Count, "_mend", lambda *_: [])


@dataclasses.dataclass(frozen=True)
class Case:
    """A mutant, the rules that it needs, and a seed that finds it."""

    mutant: Mutant
    only: Sequence[str]
    seed: int = 1
    # Whether `make test` takes it out, too.
    is_quick: bool = False


CASES = (
    Case(pull_and_proof_share_a_filter, ("new_document", "work"), is_quick=True),
    Case(balances_are_not_compared, ("harm", "work")),
    Case(contacts_are_not_counted, ("harm", "work")),
    Case(resumed_sweep_skips_a_page, ("change_contact", "time_passes", "work")),
    Case(every_rejection_is_about_length, ("list_is_rejected", "work")),
    Case(pages_never_shrink, ("pages_are_slow", "work")),
    Case(page_that_is_not_full_is_the_last, ("lists_tell_no_count", "work")),
    Case(nothing_is_read_anew, ("change_silently", "work")),
    Case(beginning_is_made_after_the_commit, ("work",)),
    Case(one_poisons_all, ("deliver_poison", "work"), is_quick=True),
    Case(documents_are_not_counted, ("harm", "work")),
)
