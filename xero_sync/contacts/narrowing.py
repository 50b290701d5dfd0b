"""Asking Xero for many at once, so that one that it cannot read holds up nobody.

Xero answers a filter that it cannot read with 400 as a whole, without saying which of a hundred
conditions it was: its language knows no backslash, and may know less than is known here. Such a
list is halved until what is at fault stands alone.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

from xero_sync.api import errors, responses

T = TypeVar("T")


def ask(
    things: Sequence[T], call: Callable[[list[T]], responses.Page]
) -> tuple[list[responses.Page], dict[T, str]]:
    """Return what Xero has, and {what it cannot be asked for: its own words}.

    For n things it is 2n - 1 calls at most, and one where all is well.

    :raises errors.XeroError: nothing that was asked for is to blame.
    """
    pages: list[responses.Page] = []
    faults: dict[T, str] = {}
    waiting = [list(things)] if things else []
    while waiting:
        some = waiting.pop()
        try:
            pages.append(call(some))
        except errors.NotFound:
            # So may Xero say that it has none of these ids.
            continue
        except errors.Rejected as error:
            # By another error a very large organisation refuses filters as such; what is left to
            # ask then is for who called (`number_holders`).
            if not error.is_about_filter:
                raise
            if len(some) == 1:
                faults[some[0]] = words_of(error)
            else:
                middle = len(some) // 2
                waiting += [some[middle:], some[:middle]]
    return pages, faults


def words_of(error: errors.Rejected) -> str:
    """Return Xero's words on what it could not read, as a sentence."""
    words = " ".join(error.messages).strip() or "it did not say why"
    return words if words.endswith((".", "!", "?")) else f"{words}."
