"""Which error stands for which reply: one row for each that Xero has been seen to give."""

import datetime
import email.utils
import json
from typing import Any

import pytest
import urllib3.exceptions
from urllib3 import HTTPHeaderDict

from xero_sync.api import errors, failures

GUARD = (
    "Your request is not filtering Contacts efficiently, given the extremely high volume for this "
    "organisation"
)
_EXPIRED = "TokenExpired: token expired at 01/01/2001 00:00:00"


def problem(status: int, title: str, detail: str) -> bytes:
    return json.dumps({"Type": None, "Title": title, "Status": status, "Detail": detail}).encode()


def validation(*words: str, key: str = "Message") -> bytes:
    elements = [{"Name": "", "ValidationErrors": [{key: one} for one in words]}]
    return json.dumps(
        {
            "ErrorNumber": 10,
            "Type": "ValidationException",
            "Message": "A validation exception occurred",
            "Elements": elements,
        }
    ).encode()


def classified(
    status: int, body: bytes = b"", *, wrote: bool = False, **headers: str
) -> errors.XeroError:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return failures.classify(status, HTTPHeaderDict(named), body, wrote=wrote)


@pytest.mark.parametrize(
    ("status", "body", "when_read", "when_written"),
    [
        (400, validation("Name is too long"), errors.Rejected, errors.Rejected),
        (400, b"", errors.Rejected, errors.Rejected),
        (401, problem(401, "Unauthorized", _EXPIRED), errors.Unauthorised, errors.Unauthorised),
        (401, b"<html>", errors.Unauthorised, errors.Unauthorised),
        (
            403,
            problem(403, "Forbidden", "AuthenticationUnsuccessful"),
            errors.Refused,
            errors.Refused,
        ),
        (
            403,
            problem(403, "Forbidden", "insufficient_scope"),
            errors.ScopeMissing,
            errors.ScopeMissing,
        ),
        (404, b"The resource you're looking for cannot be found", errors.NotFound, errors.NotFound),
        (408, b"", errors.TimedOut, errors.Ambiguous),
        (412, b"Precondition Failed", errors.Unexpected, errors.Unexpected),
        (429, b"", errors.RateLimited, errors.RateLimited),
        (500, b"<html>", errors.Unavailable, errors.Ambiguous),
        (501, b"", errors.Unexpected, errors.Unexpected),
        (502, b"", errors.Unavailable, errors.Ambiguous),
        (
            503,
            b"The Organisation is offline",
            errors.OrganisationOffline,
            errors.OrganisationOffline,
        ),
        (
            503,
            b"The Xero API is currently offline for maintenance",
            errors.Unavailable,
            errors.Unavailable,
        ),
        (503, b"The Xero API is temporarily unavailable", errors.Unavailable, errors.Unavailable),
        (503, b"upstream connect error", errors.Unavailable, errors.Ambiguous),
        (504, b"", errors.TimedOut, errors.Ambiguous),
        (302, b"", errors.Unexpected, errors.Unexpected),
        (418, b"", errors.Unexpected, errors.Unexpected),
    ],
)
def test_status_and_body_decide_the_class_when_xero_refuses(
    status: int,
    body: bytes,
    when_read: type[errors.XeroError],
    when_written: type[errors.XeroError],
) -> None:
    read = classified(status, body, xero_correlation_id="a-correlation-id")
    written = classified(status, body, wrote=True)

    assert type(read) is when_read
    assert type(written) is when_written
    assert (read.status, read.correlation_id) == (status, "a-correlation-id")


@pytest.mark.parametrize("header", ["insufficent_scope", 'Bearer error="insufficient_scope"'])
@pytest.mark.parametrize("status", [401, 403])
def test_scope_is_missing_when_the_challenge_says_so_in_either_spelling(
    status: int, header: str
) -> None:
    error = classified(
        status, problem(status, "", "AuthorizationUnsuccessful"), www_authenticate=header
    )

    assert isinstance(error, errors.ScopeMissing)
    assert error.detail == "insufficent_scope"


def test_refusal_keeps_xeros_word_when_it_gives_one() -> None:
    expired = classified(401, problem(401, "Unauthorized", _EXPIRED))
    silent = classified(401, b"", www_authenticate="Bearer error=invalid_token")

    assert isinstance(expired, errors.Unauthorised)
    assert isinstance(silent, errors.Unauthorised)
    assert expired.detail == _EXPIRED
    assert silent.detail == "Bearer error=invalid_token"


@pytest.mark.parametrize(
    ("named", "retry_after", "kind", "seconds"),
    [
        ("minute", "22", "minute", 22.0),
        ("Minute", "22", "minute", 22.0),
        ("day", "66975", "day", 66_975.0),
        ("Daily", "10", "day", 10.0),
        ("concurrent", None, "concurrent", 1.0),
        ("appminute", "5", "appminute", 5.0),
        ("appminute", None, "appminute", 60.0),
        ("minute", "soon", "minute", 60.0),
        ("galaxy", "7", "minute", 7.0),
        ("", None, "concurrent", 1.0),
    ],
)
def test_kind_and_time_of_a_limit_are_read_when_xero_answers_429(
    named: str, retry_after: str | None, kind: str, seconds: float
) -> None:
    headers = {"x_rate_limit_problem": named} | (
        {"retry_after": retry_after} if retry_after else {}
    )

    error = classified(429, b"", wrote=False, **headers)

    assert isinstance(error, errors.RateLimited)
    assert (error.kind, error.retry_after) == (kind, seconds)


def test_offline_organisation_is_asked_again_in_five_minutes_when_no_time_is_given() -> None:
    error = classified(503, b"The Organisation is offline")
    told = classified(503, b"The Organisation is offline", retry_after="30")

    assert isinstance(error, errors.OrganisationOffline)
    assert isinstance(told, errors.OrganisationOffline)
    assert (error.retry_after, told.retry_after) == (300.0, 30.0)


def test_key_is_spent_when_a_write_was_answered_with_an_error() -> None:
    answered = classified(500, wrote=True)
    silent = failures.of_transport(urllib3.exceptions.ProtocolError("cut"), wrote=True)

    assert isinstance(answered, errors.Ambiguous)
    assert isinstance(silent, errors.Ambiguous)
    assert (answered.key_is_spent, silent.key_is_spent) == (True, False)


@pytest.mark.parametrize(
    ("wrote", "expected"), [(False, errors.Unavailable), (True, errors.Ambiguous)]
)
def test_reply_that_cannot_be_read_leaves_a_write_in_doubt(
    wrote: bool, expected: type[errors.XeroError]
) -> None:
    error = failures.of_nonsense("no JSON", wrote=wrote, status=200, correlation_id="known")

    assert type(error) is expected
    assert "no JSON" in str(error)
    assert (error.status, error.correlation_id) == (200, "known")


@pytest.mark.parametrize(
    ("body", "messages", "error_type"),
    [
        (validation("One", "Two"), ("One", "Two"), "ValidationException"),
        (
            validation("In other words", key="Description"),
            ("In other words",),
            "ValidationException",
        ),
        (
            b'{"ErrorNumber":16,"Type":"QueryParseException","Message":"No such field"}',
            ("No such field",),
            "QueryParseException",
        ),
        (b'{"Detail":"Of the gateway"}', ("Of the gateway",), ""),
        (b'{"Message":"Says it all","Detail":"Says it again"}', ("Says it all",), ""),
        (b'{"Elements":"nonsense","Message":"M"}', ("M",), ""),
        (b'{"Elements":[1,{"ValidationErrors":[2,{"Message":"M"}]}]}', ("M",), ""),
        (b'["a list"]', (), ""),
        # JSON that is no error of Xero's, and the first half of some, say nothing to people.
        (b"null", (), ""),
        (b'{"Message":"M', (), ""),
        (b"<p>\xff\xfe</p>", (), ""),
        # The guard of very large organisations was seen bare (freakboy3742/pyxero, issue 373).
        (GUARD.encode(), (GUARD,), ""),
        (f"\ufeff<p>{GUARD}</p>\r\n".encode(), (GUARD,), ""),
        (
            b"<!-- x<y --><html><head><title>Bad Request</title><style>p {a: b}</style></head>"
            b"<body><h2>Bad Request</h2>\n<hr><p>No &lt;b&gt;such&lt;/b&gt; a &amp; b\x00\x1b</p>"
            b"<SCRIPT>alert('x')</script >",
            ("Bad Request No such a & b",),
            "",
        ),
        (b"<html></html>", (), ""),
        (b"no <tag that is not closed", ("no tag that is not closed",), ""),
        (b"word " * 100, (f"{'word ' * 59}word\u2026",), ""),
    ],
)
def test_xeros_words_are_kept_apart_from_ours_when_it_rejects(
    body: bytes, messages: tuple[str, ...], error_type: str
) -> None:
    error = classified(400, body)

    assert isinstance(error, errors.Rejected)
    assert (error.messages, error.error_type) == (messages, error_type)
    assert str(error) == "Xero rejected the request."


@pytest.mark.parametrize(
    ("cause", "when_read", "when_written"),
    [
        (urllib3.exceptions.NewConnectionError, errors.Unavailable, errors.Unavailable),
        (urllib3.exceptions.NameResolutionError, errors.Unavailable, errors.Unavailable),
        (urllib3.exceptions.ConnectTimeoutError, errors.Unavailable, errors.Unavailable),
        (urllib3.exceptions.ReadTimeoutError, errors.TimedOut, errors.Ambiguous),
        (urllib3.exceptions.ProtocolError, errors.Unavailable, errors.Ambiguous),
        (urllib3.exceptions.SSLError, errors.Unavailable, errors.Ambiguous),
        (urllib3.exceptions.DecodeError, errors.Unavailable, errors.Ambiguous),
        (urllib3.exceptions.IncompleteRead, errors.Unavailable, errors.Ambiguous),
        (urllib3.exceptions.MaxRetryError, errors.Unexpected, errors.Unexpected),
    ],
)
def test_a_write_is_ambiguous_only_when_it_may_have_been_sent(
    cause: type[urllib3.exceptions.HTTPError],
    when_read: type[errors.XeroError],
    when_written: type[errors.XeroError],
) -> None:
    failure = cause.__new__(cause)

    read = failures.of_transport(failure, wrote=False)
    written = failures.of_transport(failure, wrote=True)

    assert type(read) is when_read
    assert type(written) is when_written
    assert read.status is None


def test_words_of_the_cause_are_left_out_when_they_may_name_people() -> None:
    failure = urllib3.exceptions.ProtocolError("GET /Contacts?where=Name==Robin")

    error = failures.of_transport(failure, wrote=False)

    assert "Robin" not in f"{error!r} {error} {vars(error)}"


@pytest.mark.parametrize(
    ("text", "seconds"), [("0", 0.0), (" 12 ", 12.0), (None, None), ("-3", None)]
)
def test_retry_after_is_read_when_it_is_a_number(text: Any, seconds: float | None) -> None:
    assert failures.seconds_of(text) == seconds


def test_retry_after_is_read_when_it_is_a_date() -> None:
    before = datetime.datetime.now(datetime.UTC)
    at = before.replace(microsecond=0) + datetime.timedelta(seconds=90)
    ahead = email.utils.format_datetime(at, usegmt=True)
    past = email.utils.format_datetime(before - datetime.timedelta(days=1), usegmt=True)
    zoneless = f"{at:%d %b %Y %H:%M:%S} -0000"

    found = [failures.seconds_of(text) for text in (ahead, zoneless)]
    after = datetime.datetime.now(datetime.UTC)

    for seconds in found:
        assert seconds is not None
        assert (at - after).total_seconds() <= seconds <= (at - before).total_seconds()
    assert failures.seconds_of(past) == 0
