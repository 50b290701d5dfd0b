"""A simulator that was stopped and started again."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support import (
    consent_walk,
    simulator_client,
    simulator_process,
    waiting,
    webhook_receiver,
)

SMALL = ("--no-limits", "--documents", "120", "--contacts", "30", "--anchor", "2026-07-01")
DAY = 86_400


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "kept" / "state.json"


@contextmanager
def remembering(state: Path, *options: str) -> Iterator[str]:
    """Run a simulator with a state file; what it complains of is beside the file."""
    state.parent.mkdir(exist_ok=True)
    arguments = (*SMALL, "--state", str(state), *options)
    with (
        (state.parent / "complaints").open("w") as complaints,
        simulator_process.running(*arguments, complaints=complaints) as url,
    ):
        yield url


def complaints_of(state: Path) -> list[str]:
    return (state.parent / "complaints").read_text().splitlines()


def documents(url: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = simulator_process.control(url, "books")["documents"]
    return rows


def open_invoice(url: str) -> dict[str, Any]:
    open_sale = ("ACCREC", "AUTHORISED")
    found = [each for each in documents(url) if (each["type"], each["status"]) == open_sale]
    return found[0]


def act(url: str, name: str, **values: Any) -> str:
    return str(simulator_process.control(url, "documents", {"act": name, **values})["id"])


def change_something(state: Path) -> dict[str, Any]:
    """Run a simulator, pay an invoice in it, and return the invoice as it was before."""
    with remembering(state) as url:
        invoice = open_invoice(url)
        act(url, "pay", id=invoice["xero_id"])
    return invoice


def connection_ids(url: str, access_token: str) -> list[str]:
    return [each["id"] for each in consent_walk.connections(url, access_token).json()]


def test_connection_and_payment_are_there_when_started_again(state: Path) -> None:
    with remembering(state) as url:
        before = simulator_process.connect(url)
        connections = connection_ids(url, before.tokens["access_token"])
        invoice = open_invoice(url)
        act(url, "pay", id=invoice["xero_id"])
        keys = requests.get(
            f"{url}/.well-known/openid-configuration/jwks", timeout=simulator_process.TIMEOUT
        ).json()
        raised = act(url, "raise", contact_id=invoice["contact_id"], amount="12.50")
        books = documents(url)

    with remembering(state) as url:
        old = before._replace(url=url)
        seen = old.get(f"Invoices/{invoice['xero_id']}").json()["Invoices"][0]
        refreshed = consent_walk.refresh(url, before.tokens["refresh_token"])
        again = connection_ids(url, refreshed.json()["access_token"])
        keys_again = requests.get(
            f"{url}/.well-known/openid-configuration/jwks", timeout=simulator_process.TIMEOUT
        ).json()
        books_again = documents(url)
        raised_again = act(url, "raise", contact_id=invoice["contact_id"], amount="12.50")
        numbers = {each["xero_id"]: each["number"] for each in documents(url)}

    assert (seen["Status"], seen["AmountDue"]) == ("PAID", 0)
    assert refreshed.status_code == 200, refreshed.text
    assert again == connections
    assert keys_again == keys
    assert books_again == books
    assert numbers[raised] != numbers[raised_again]
    assert complaints_of(state) == []


def test_token_grows_old_and_clock_stays_ahead_while_stopped(state: Path) -> None:
    with remembering(state) as url:
        before = simulator_process.connect(url)
        consent_walk.advance(url, days=2)
        then = simulator_process.moment(simulator_process.control(url, "clock")["now"])

    with remembering(state) as url:
        now = simulator_process.moment(simulator_process.control(url, "clock")["now"])
        refused = before._replace(url=url).get("Organisation")
        refreshed = consent_walk.refresh(url, before.tokens["refresh_token"])

    assert 0 < (now - then).total_seconds() < DAY / 2
    assert refused.status_code == 401
    assert refreshed.status_code == 200, refreshed.text


def test_pending_event_is_delivered_when_started_again(state: Path) -> None:
    with webhook_receiver.listening() as listener:
        with remembering(state) as url:
            simulator_process.connect(url)
            simulator_client.post(
                url, "webhooks", url=listener.url, key=webhook_receiver.KEY, enabled=True
            )
            listener.answer = lambda _: webhook_receiver.Answer(500)
            paid = act(url, "pay", id=open_invoice(url)["xero_id"])
            simulator_client.post(url, "webhooks/flush")
            sequence = simulator_client.get(url, "webhooks")["last_sequence"]
        listener.answer = webhook_receiver.careful
        listener.posts.clear()

        with remembering(state) as url:
            assert waiting.wait_until(lambda: simulator_client.get(url, "webhooks")["pending"] == 0)
            after = simulator_client.get(url, "webhooks")

    assert paid in [event["resourceId"] for event in listener.events]
    assert (after["status"], after["pending"]) == ("enabled", 0)
    assert after["last_sequence"] == sequence


def test_books_go_back_to_the_seeded_start_when_reset_after_a_restart(state: Path) -> None:
    invoice = change_something(state)

    with remembering(state) as url:
        simulator_process.control(url, "reset", {})
        found = next(each for each in documents(url) if each["xero_id"] == invoice["xero_id"])

    assert found == invoice


def test_start_is_fresh_and_says_so_when_the_books_are_others(state: Path) -> None:
    invoice = change_something(state)

    with remembering(state, "--documents", "121") as url:
        found = next(each for each in documents(url) if each["xero_id"] == invoice["xero_id"])

    (complaint,) = complaints_of(state)
    assert found["status"] == "AUTHORISED"
    assert "starting anew" in complaint
    assert "120 documents" in complaint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"status":"PAID"', b'"status":"VOID"'),
        (b'{"format":1', b'{"format":2'),
        (b'{"format":1', b"[1"),
        (b'","', b"\xff"),
    ],
)
def test_broken_file_is_set_aside_in_one_line(state: Path, old: bytes, new: bytes) -> None:
    invoice = change_something(state)
    kept = state.read_bytes()
    assert old in kept
    broken = kept.replace(old, new)
    state.write_bytes(broken)

    with remembering(state) as url:
        found = next(each for each in documents(url) if each["xero_id"] == invoice["xero_id"])

    (complaint,) = complaints_of(state)
    assert found["status"] == "AUTHORISED"
    assert "is broken" in complaint
    assert state.with_name("state.json.broken").read_bytes() == broken
    assert state.read_bytes().startswith(b'{"format":1')


@pytest.mark.parametrize("length", [0, 40, 2000])
def test_cut_file_is_set_aside(state: Path, length: int) -> None:
    change_something(state)
    state.write_bytes(state.read_bytes()[:length])

    with remembering(state):
        pass

    (complaint,) = complaints_of(state)
    assert "is broken" in complaint
    assert state.with_name("state.json.broken").stat().st_size == length


def test_only_the_owner_may_read_the_file(state: Path) -> None:
    change_something(state)

    assert state.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in state.parent.iterdir()) == ["complaints", "state.json"]


def test_simulator_refuses_to_start_when_the_file_is_out_of_reach(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "xero_simulator", "--port", "0", *SMALL]

    ended = subprocess.run(
        [*command, "--state", str(tmp_path)],
        cwd=simulator_process.ROOT,
        capture_output=True,
        text=True,
        timeout=simulator_process.TIMEOUT,
        check=False,
    )

    assert ended.returncode == 1
    assert ended.stderr == f"xero_simulator cannot read {tmp_path}: Is a directory\n"
