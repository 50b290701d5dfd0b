"""What happens after a call went wrong: one table for runs, sweeps, events and pushes.

A worker never waits. It puts its row off with a time to try again and words that say why; the same
words are shown to people. What needs a person is tried again when the
connection is, and now and then by itself, since nothing is lost by asking.
"""

import logging
import traceback
from dataclasses import dataclass
from datetime import timedelta

from django.db import OperationalError

from connected_apps import errors as connection_errors
from xero_sync.api import errors

logger = logging.getLogger(__name__)

UNTIL_A_PERSON_ACTS = timedelta(minutes=10)
# What Xero rejects it rejects again: 10, 20, 40 … minutes, at most half a day.
_LONGEST_REJECTED = timedelta(hours=12)
_LONGEST_BACK_OFF = 300.0


@dataclass(frozen=True)
class Retry:
    """When to try again, and why not now, in words for people.

    `needs_person` says that time alone does not help: somebody has to do something first.
    """

    delay: timedelta
    why: str
    needs_person: bool = False

    @property
    def is_worth_a_line(self) -> bool:
        """Whether a log should mention it: waits of seconds are daily business."""
        return self.needs_person or self.delay >= timedelta(seconds=30)


_LIMIT_WORDS: dict[str, str] = {
    "minute": "Waiting for Xero's limit of calls a minute",
    "day": "Xero's limit of calls a day is reached",
    "concurrent": "Waiting for a free call to Xero",
    "appminute": "Waiting for Xero's limit of calls a minute over all organisations",
}
_WAITING = "Xero is not answering at the moment; trying again by itself"
_OUR_BOOKS = (
    "This system cannot count its calls to Xero at the moment, so it makes none; trying again by "
    "itself"
)
_OUR_DATABASE = "This system's database is busy; trying again by itself"
_MISCONFIGURED = (
    "Xero refuses this installation's client id or secret; support must fix its settings"
)
# What the columns that keep the words hold.
_LONGEST = 300
_SILENT = "it does not say why"
_NEEDS_PERSON_WORDS: dict[type[Exception], str] = {
    connection_errors.NotConnected: "Xero is not connected; this goes on when it is",
    connection_errors.StaleGeneration: (
        "The connection was changed; this goes on when the organisation is connected again"
    ),
    errors.Refused: "Xero refuses access; see Connected Apps",
    errors.Unauthorised: "Xero refuses the sign-in; see Connected Apps",
}


def passes_by_itself(why: str) -> bool:
    """Return whether these words, as a row keeps them, tell of what time alone mends."""
    return why in {*_LIMIT_WORDS.values(), _WAITING, _OUR_BOOKS, _OUR_DATABASE}


def is_out_of_calls(why: str) -> bool:
    """Return whether these words tell that no calls are left today."""
    return why == _LIMIT_WORDS["day"]


def back_off(attempts: int) -> timedelta:
    """Return how long to wait after so many failed attempts: 2, 4, 8 … seconds, at most 5 min."""
    return timedelta(seconds=min(2.0 ** min(attempts, 12), _LONGEST_BACK_OFF))


def after(error: Exception, *, attempts: int) -> Retry:
    """Return when and why to try again.

    :param attempts: failed tries in a row before this one; waiting doubles with each.
    Whatever is not listed is our own fault: logged as such and put off, never dropped.
    """
    if isinstance(error, errors.RateLimited):
        return Retry(timedelta(seconds=max(error.retry_after, 0.2)), _LIMIT_WORDS[error.kind])
    if isinstance(error, errors.Unavailable):
        wait = timedelta(seconds=error.retry_after or 0)
        words = _OUR_BOOKS if isinstance(error, errors.BooksUnreadable) else _WAITING
        return Retry(max(wait, back_off(attempts)), words)
    if isinstance(error, connection_errors.IdentityUnavailable | errors.Ambiguous):
        return Retry(back_off(attempts), _WAITING)
    if isinstance(error, OperationalError):
        # A deadlock, a restart: what was not committed is done anew.
        logger.warning("The database gave up on it: %s", type(error.__cause__).__name__)
        return Retry(back_off(attempts), _OUR_DATABASE)
    delay = UNTIL_A_PERSON_ACTS
    if isinstance(error, errors.Rejected):
        delay = min(delay * 2 ** min(attempts, 12), _LONGEST_REJECTED)
    return Retry(delay, _words_for_people(error).rstrip(".")[:_LONGEST], needs_person=True)


def _words_for_people(error: Exception) -> str:
    """Return why time alone does not help; what an operator has to mend is logged as well."""
    if isinstance(error, connection_errors.ConnectionBroken):
        return error.reason or "Xero needs reconnecting"
    if isinstance(error, errors.Refused | errors.Unauthorised) and error.refusal is not None:
        return error.refusal.sentence
    if isinstance(error, errors.Rejected):
        return _rejection(error)
    if isinstance(error, connection_errors.WrongTokenKey):
        logger.error("%s", error)
        return "Stored permissions cannot be read; support must fix TOKEN_ENCRYPTION_KEYS"
    if isinstance(error, connection_errors.IdentityMisconfigured):
        logger.error("%s", error)
        return _MISCONFIGURED
    for kind, words in _NEEDS_PERSON_WORDS.items():
        if isinstance(error, kind):
            return words
    return _log_unexpected(error)


def _rejection(error: errors.Rejected) -> str:
    asked_for = f" for {error.asked_for}" if error.asked_for else ""
    logger.error("Xero rejects a request%s (correlation %s)", asked_for, error.correlation_id)
    return f"Xero rejects the request{asked_for}: {'; '.join(error.messages) or _SILENT}"


def _log_unexpected(error: Exception) -> str:
    """Log where it happened, and return words for people.

    What it says may quote a row, and so a person, unless it is ours.
    """
    said = f"{error.asked_for}: {error}" if isinstance(error, errors.XeroError) else ""
    place = "".join(traceback.format_tb(error.__traceback__))
    logger.error("Unexpected while talking to Xero: %s %s\n%s", type(error).__name__, said, place)
    if isinstance(error, errors.XeroError) and error.asked_for:
        return f"Xero gave an odd answer when asked for {error.asked_for}; support can see it"
    return "Something unexpected went wrong; support can see it"
