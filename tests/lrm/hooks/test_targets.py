"""Where nothing is posted to: a worker stands inside our network."""

import socket
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from lrm.hooks import posting, targets
from tests.support.hook_receiver import Receiver

PRIVATE = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0"),  # noqa: S104 - refused
    *("fc00::1", "fec0::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1"),
    *("64:ff9b::a00:1", "2002:7f00:1::", "2001::1", "ff02::1", "2001:db8::1"),
)


@pytest.fixture(autouse=True)
def strict(settings: Settings) -> None:
    settings.WEBHOOK_LOCAL_TARGETS = False


@pytest.mark.parametrize("address", PRIVATE)
def test_address_that_is_not_public_is_refused(address: str) -> None:
    assert not targets.is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8"])
def test_public_address_is_taken(address: str) -> None:
    assert targets.is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.com/", "ftp://example.com/", "https://", "https://localhost/", "x"),
        *("https://127.0.0.1/", "https://[::1]/", "https://a.localhost/", "https://10.0.0.8:8443/"),
        *("https://u:p@example.com/", "https://example.com/#x", "https://example.com:99999/"),
        *("https://example.com/a b", "https://example.com/\r\nX: y", "https://ex\u0430mple.com/"),
        *("https://[", "https://example.com/\x00"),
    ],
)
def test_odd_address_is_refused_when_it_is_typed(url: str) -> None:
    with pytest.raises(targets.NotAllowed):
        targets.parse(url)


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1"])
def test_loopback_spelt_oddly_is_refused_when_it_is_looked_up(host: str) -> None:
    outcome = posting.post(f"https://{host}/", body=b"", headers={})

    assert outcome.status is None
    assert "private or local" in outcome.words


def test_nothing_is_sent_where_a_name_leads_to_this_machine(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server of somebody else's may say what it likes, and something else a moment later."""
    port = int(receiver.url.split(":")[2].split("/")[0])
    answers = iter(["127.0.0.1", "8.8.8.8"])

    def look_up(host: str, *args: Any, **named: Any) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)

    outcome = posting.post(f"https://rebinding.example:{port}/", body=b"", headers={})

    assert "private or local" in outcome.words
    assert receiver.got == []


def test_connection_goes_to_the_address_that_was_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The name is not looked up again between the look and the connection."""
    connected: list[Any] = []
    answers = iter([[(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("203.0.114.7", 443))]])

    def connect(address: Any, *args: Any, **named: Any) -> Any:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **named: next(answers))
    monkeypatch.setattr(socket, "create_connection", connect)

    outcome = posting.post("https://hooks.example/", body=b"", headers={})

    assert connected == [("203.0.114.7", 443)]
    assert outcome.words == "It refuses connections"


def test_one_private_address_among_public_ones_is_enough_to_refuse(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))
        for address in ("203.0.114.7", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **named: found)

    with pytest.raises(targets.NotAllowed):
        targets.address_of(targets.parse("https://hooks.example/"))
