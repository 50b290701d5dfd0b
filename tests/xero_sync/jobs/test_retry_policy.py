"""What happens after each thing that can go wrong: when it is tried again, and the words for it."""

import logging
from datetime import timedelta

import pytest
from django.db import OperationalError

from connected_apps import errors as connection_errors
from connected_apps.lifecycle.refusals import Cause, Refusal
from xero_sync.api import errors
from xero_sync.jobs import retry_policy


def limited(kind: errors.LimitKind, seconds: float) -> errors.RateLimited:
    return errors.RateLimited("Wait.", kind=kind, retry_after=seconds)


def explained(error: errors.Refused | errors.Unauthorised) -> Exception:
    """Return a refusal that `/connections` was asked about."""
    error.refusal = Refusal(Cause.STALE, "It was connected anew meanwhile.")
    return error


@pytest.mark.parametrize(
    ("error", "attempts", "seconds", "words"),
    [
        (limited("minute", 22.0), 5, 22.0, "limit of calls a minute"),
        (limited("day", 66_975.0), 0, 66_975.0, "limit of calls a day is reached"),
        (limited("concurrent", 0.0), 0, 0.2, "Waiting for a free call"),
        (limited("appminute", 5.0), 0, 5.0, "a minute over all organisations"),
        (errors.Unavailable("Gone."), 0, 1.0, "Xero is not answering"),
        (errors.Unavailable("Gone."), 3, 8.0, "Xero is not answering"),
        (errors.Unavailable("Gone."), 99, 300.0, "Xero is not answering"),
        (errors.OrganisationOffline("Gone.", retry_after=300.0), 0, 300.0, "not answering"),
        (errors.Unavailable("Gone.", retry_after=1.0), 4, 16.0, "not answering"),
        (errors.Ambiguous("Sent."), 2, 4.0, "Xero is not answering"),
        (connection_errors.IdentityUnavailable("Gone."), 1, 2.0, "Xero is not answering"),
        (OperationalError("deadlock detected"), 1, 2.0, "This system's database is busy"),
    ],
)
def test_what_time_mends_is_tried_again_by_itself(
    error: Exception, attempts: int, seconds: float, words: str
) -> None:
    retry = retry_policy.after(error, attempts=attempts)

    assert retry.delay == timedelta(seconds=seconds)
    assert words in retry.why
    assert not retry.needs_person
    assert retry.is_worth_a_line == (seconds >= 30)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (connection_errors.ConnectionBroken("It was withdrawn."), "It was withdrawn"),
        (connection_errors.ConnectionBroken(""), "Xero needs reconnecting"),
        (connection_errors.NotConnected("None."), "Xero is not connected"),
        (connection_errors.StaleGeneration("Over."), "The connection was changed"),
        (errors.Refused("No."), "Xero refuses access; see Connected Apps"),
        (errors.ScopeMissing("No."), "Xero refuses access; see Connected Apps"),
        (errors.Unauthorised("No."), "Xero refuses the sign-in; see Connected Apps"),
        (explained(errors.Refused("No.")), "It was connected anew meanwhile"),
        (explained(errors.Unauthorised("No.")), "It was connected anew meanwhile"),
    ],
)
def test_what_a_person_must_mend_says_so_and_is_no_fault_of_the_installation(
    error: Exception, words: str, caplog: pytest.LogCaptureFixture
) -> None:
    retry = retry_policy.after(error, attempts=0)

    assert retry.delay == retry_policy.UNTIL_A_PERSON_ACTS
    assert retry.why.startswith(words)
    assert not retry.why.endswith(".")
    assert retry.needs_person
    assert retry.is_worth_a_line
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("error", "words", "logged"),
    [
        (
            errors.Rejected("No.", messages=["Name is too long", "Reference too"]),
            "Xero rejects the request: Name is too long; Reference too",
            "Xero rejects a request",
        ),
        (
            errors.Rejected("No."),
            "Xero rejects the request: it does not say why",
            "Xero rejects a request",
        ),
        (
            connection_errors.WrongTokenKey("No key in TOKEN_ENCRYPTION_KEYS made it."),
            "Stored permissions cannot be read",
            "No key in TOKEN_ENCRYPTION_KEYS made it.",
        ),
        (
            connection_errors.IdentityMisconfigured("Xero answered invalid_client."),
            "Xero refuses this installation's client id or secret",
            "Xero answered invalid_client.",
        ),
        (
            errors.Unexpected("Xero answered with status 418."),
            "Something unexpected went wrong",
            "Xero answered with status 418.",
        ),
        (errors.NotFound("Nothing."), "Something unexpected went wrong", "NotFound"),
        (KeyError("Robin Made-Up"), "Something unexpected went wrong", "KeyError"),
    ],
)
def test_what_an_operator_must_mend_is_logged_as_well(
    error: Exception, words: str, logged: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        retry = retry_policy.after(error, attempts=0)

    assert retry.delay == retry_policy.UNTIL_A_PERSON_ACTS
    assert retry.why.startswith(words)
    assert retry.needs_person
    assert logged in caplog.text
    assert "Robin" not in caplog.text
    assert "Name is too long" not in caplog.text


def test_words_fit_the_column_that_keeps_them() -> None:
    error = errors.Rejected("No.", messages=["Name is too long"] * 100)

    assert len(retry_policy.after(error, attempts=0).why) == 300
