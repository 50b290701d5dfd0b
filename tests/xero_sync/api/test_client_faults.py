"""The SDK client against the simulator: what a fault becomes."""

import logging
import socket
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.support import sdk_client, simulator_process, waiting
from xero_sync.api import client, errors, limits
from xero_sync.resources import Resource

# Longer than anybody waits: the answer comes when the simulator's clock is moved.
TOO_LATE = 3600.0


@pytest.mark.parametrize(
    ("answer", "when_read", "when_written"),
    [
        ({"named": "token_expired"}, errors.Unauthorised, errors.Unauthorised),
        ({"named": "unauthorised"}, errors.Unauthorised, errors.Unauthorised),
        ({"named": "forbidden"}, errors.Refused, errors.Refused),
        ({"named": "minute"}, errors.RateLimited, errors.RateLimited),
        ({"named": "day"}, errors.RateLimited, errors.RateLimited),
        ({"named": "concurrent"}, errors.RateLimited, errors.RateLimited),
        ({"named": "appminute"}, errors.RateLimited, errors.RateLimited),
        ({"named": "maintenance"}, errors.Unavailable, errors.Unavailable),
        ({"named": "unavailable"}, errors.Unavailable, errors.Unavailable),
        ({"named": "offline"}, errors.OrganisationOffline, errors.OrganisationOffline),
        ({"named": "empty_html_500"}, errors.Unavailable, errors.Ambiguous),
        ({"named": "bad_json"}, errors.Unavailable, errors.Ambiguous),
        ({"status": 200, "body": "[]"}, errors.Unavailable, errors.Ambiguous),
        ({"status": 200, "body": '{"Id": "x"}'}, errors.Unavailable, errors.Ambiguous),
        ({"status": 502, "body": "<html>"}, errors.Unavailable, errors.Ambiguous),
        ({"status": 412}, errors.Unexpected, errors.Unexpected),
        ({"status": 302, "headers": {"Location": "/"}}, errors.Unexpected, errors.Unexpected),
        ({"status": 400, "body": "?"}, errors.Rejected, errors.Rejected),
        ({"cut": "before"}, errors.Unavailable, errors.Ambiguous),
        ({"cut": "after"}, errors.Unavailable, errors.Ambiguous),
        ({"late_seconds": TOO_LATE}, errors.TimedOut, errors.Ambiguous),
    ],
)
@pytest.mark.parametrize("wrote", [False, True])
def test_fault_becomes_its_error_after_one_call_when_it_strikes(
    xero: sdk_client.Xero,
    settings: Settings,
    answer: dict[str, Any],
    when_read: type[errors.XeroError],
    when_written: type[errors.XeroError],
    wrote: bool,
) -> None:
    xero.fault(answer)
    is_late = "late_seconds" in answer
    if is_late:
        settings.XERO_READ_SECONDS = 0.5

    error = sdk_client.failure_of(sdk_client.write if wrote else sdk_client.read, xero.client)

    assert type(error) is (when_written if wrote else when_read)
    assert xero.person.tokens["access_token"] not in repr(vars(error))
    if is_late:
        # The simulator notes a call when it has answered, which must not be in another test's log.
        simulator_process.control(xero.person.url, "clock", {"advance_seconds": TOO_LATE})
        assert waiting.wait_until(lambda: len(xero.calls()) == 1)
    # Nothing was sent twice behind our back.
    assert len(xero.calls()) <= 1
    assert error.__context__ is None


def test_write_was_done_when_only_its_reply_was_lost(xero: sdk_client.Xero) -> None:
    xero.fault({"cut": "after"})

    sdk_client.failure_of(sdk_client.write, xero.client)

    assert "T-777" in {one["number"] for one in xero.contacts()}


@pytest.mark.parametrize("named", ["unknown_enum", "nulls"])
def test_page_is_read_whole_when_the_sdks_models_would_refuse_it(
    xero: sdk_client.Xero, named: str
) -> None:
    xero.fault({"named": named})

    page = sdk_client.read(xero.client)

    assert len(page.elements) == 5


@pytest.mark.asks_oddly("a refusal is what it is about")
def test_rejection_has_xeros_words_when_a_filter_makes_no_sense(xero: sdk_client.Xero) -> None:
    error = sdk_client.failure_of(
        lambda here: here.list_page(Resource.INVOICE, page=1, where="Nonsense =="), xero.client
    )

    assert isinstance(error, errors.Rejected)
    assert error.error_type == "QueryParseException"
    assert error.messages[0]


def test_unknown_id_is_not_found_when_asked_for_alone(xero: sdk_client.Xero) -> None:
    error = sdk_client.failure_of(
        lambda here: here.get_one(Resource.INVOICE, uuid.uuid4()), xero.client
    )

    assert isinstance(error, errors.NotFound)


def test_scope_is_missing_when_the_grant_never_had_it(xero: sdk_client.Xero) -> None:
    # Consents add up, so this person must not have given more before.
    simulator_process.control(xero.person.url, "reset", {})
    narrow = simulator_process.SCOPES.replace("accounting.contacts", "accounting.contacts.read")
    reader = simulator_process.connect(xero.person.url, scope=narrow)

    error = sdk_client.failure_of(sdk_client.write, sdk_client.client_of(reader))

    assert isinstance(error, errors.ScopeMissing)


def test_write_is_merely_unavailable_when_xero_could_not_be_reached(
    xero: sdk_client.Xero, settings: Settings
) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        settings.XERO_API_URL = f"http://127.0.0.1:{closed.getsockname()[1]}"

        error = sdk_client.failure_of(sdk_client.write, sdk_client.client_of(xero.person))

    assert type(error) is errors.Unavailable


@pytest.mark.parametrize(
    ("call", "expected"),
    [(sdk_client.read, errors.Unavailable), (sdk_client.write, errors.Ambiguous)],
)
def test_broken_encryption_is_a_lost_connection_when_it_is_met(
    xero: sdk_client.Xero,
    settings: Settings,
    call: sdk_client.Call,
    expected: type[errors.XeroError],
) -> None:
    settings.XERO_API_URL = xero.person.url.replace("http://", "https://")

    error = sdk_client.failure_of(call, sdk_client.client_of(xero.person))

    assert type(error) is expected


def test_reply_is_given_up_when_it_drips_in_for_ever(settings: Settings) -> None:
    settings.XERO_READ_SECONDS = 0.1
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.XERO_API_URL = f"http://127.0.0.1:{server.getsockname()[1]}"
        over = threading.Event()
        with ThreadPoolExecutor(1) as pool:
            dripping = pool.submit(drip, server, over)
            stranger = client.XeroClient(tenant_id=uuid.uuid4(), access_token="a-token")

            error = sdk_client.failure_of(sdk_client.read, stranger)

            over.set()
    assert type(error) is errors.TimedOut
    # Counted in drops, which stand still when the machine does.
    assert dripping.result() * DRIP_SECONDS < limits.call_seconds() + 1


DRIP_SECONDS = 0.05


def drip(server: socket.socket, over: threading.Event) -> int:
    """Answer one call with a byte every twentieth of a second; return how many it took."""
    connection, _ = server.accept()
    drops = 0
    with connection:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while not over.wait(DRIP_SECONDS):
            try:
                connection.sendall(b" ")
            except OSError:
                break
            drops += 1
    return drops


def test_log_holds_no_token_and_no_body_when_calls_fail(
    xero: sdk_client.Xero, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    xero.fault({"status": 400, "body": '{"Message": "Robin Made-Up"}'})

    sdk_client.failure_of(sdk_client.read, xero.client)

    assert xero.person.tokens["access_token"] not in caplog.text
    assert "Robin" not in caplog.text
