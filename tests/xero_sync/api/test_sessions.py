"""The one way to call Xero, from the token to the books, for a connected portal."""

import subprocess
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings as django_settings
from pytest_django.fixtures import Settings

from connected_apps import errors as connection_errors
from connected_apps.lifecycle import refusals
from connected_apps.models import Connection, State
from lrm.local import valkey
from tests.support import limiting, valkey_flush
from tests.support.faults import fault
from tests.support.linked import Linked, clock
from xero_sync.api import client, errors, rate_limiter, responses, sessions
from xero_sync.api.rate_limiter import Lane
from xero_sync.resources import Resource

Call = Callable[[sessions.Session], Any]


@pytest.fixture(autouse=True)
def own_limiter() -> Iterator[None]:
    """The shared limiter takes its limits from the settings of this test, not of the one before."""
    limiting.forget_shared()
    yield
    limiting.forget_shared()


def session_of(linked: Linked, lane: Lane = Lane.PEOPLE) -> sessions.Session:
    connection = linked.connection
    return sessions.Session(
        connection_id=connection.pk, generation=connection.generation, lane=lane
    )


def accounting_calls(linked: Linked) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = linked.world.show("calls")
    return [one for one in seen if one["path"].startswith("/api.xro/")]


def books_of(linked: Linked) -> rate_limiter.Books:
    return rate_limiter.shared().books_of(linked.organisation.tenant_id)


def list_invoices(session: sessions.Session) -> Any:
    return session.list_page(Resource.INVOICE, page=1, page_size=5)


def save_contact(session: sessions.Session) -> Any:
    contact = {"Name": "Robin Made-Up", "ContactNumber": "T-777"}
    return session.upsert_contacts([contact], idempotency_key=uuid.uuid4().hex)


def failure_of(call: Call, session: sessions.Session) -> errors.XeroError:
    with pytest.raises(errors.XeroError) as caught:
        call(session)
    return caught.value


def test_call_is_made_and_counted_when_all_is_well(linked: Linked) -> None:
    page = list_invoices(session_of(linked))

    books = books_of(linked)
    assert len(page.elements) == 5
    assert (books.minute_used, books.in_flight, books.is_known) == (1, 0, True)
    assert [one["tenant"] for one in accounting_calls(linked)] == [linked.tenant]


@pytest.mark.parametrize("call", [list_invoices, save_contact])
@pytest.mark.parametrize("named", ["token_expired", "unauthorised"])
def test_token_is_renewed_and_the_call_made_again_when_xero_refuses_it_once(
    linked: Linked, call: Call, named: str
) -> None:
    fault(linked, {"named": named})

    call(session_of(linked))

    assert [one["status"] for one in accounting_calls(linked)] == [401, 200]
    linked.connection.refresh_from_db()
    assert linked.connection.grant is not None
    assert linked.connection.grant.refresh_count == 1
    assert books_of(linked).minute_used == 2


def test_refusal_is_explained_when_the_renewed_token_is_refused_too(linked: Linked) -> None:
    fault(linked, {"named": "token_expired"}, times=-1)

    error = failure_of(list_invoices, session_of(linked))

    assert isinstance(error, errors.Unauthorised)
    assert error.refusal is not None
    assert error.refusal.cause is refusals.Cause.OUR_FAULT
    assert len(accounting_calls(linked)) == 2


def test_state_moves_when_the_organisation_was_disconnected_in_xero(linked: Linked) -> None:
    session = session_of(linked)
    linked.world.do("disconnect", tenant=linked.tenant)

    error = failure_of(list_invoices, session)

    assert isinstance(error, errors.Refused)
    assert error.refusal is not None
    assert error.refusal.cause is refusals.Cause.DISCONNECTED_IN_XERO
    linked.connection.refresh_from_db()
    assert linked.connection.state == State.DISCONNECTED_IN_XERO
    with pytest.raises(connection_errors.ConnectionBroken):
        list_invoices(session)


def test_reconnecting_is_asked_for_when_a_scope_is_missing(linked: Linked) -> None:
    fault(linked, {"status": 401, "headers": {"WWW-Authenticate": "insufficent_scope"}})

    error = failure_of(save_contact, session_of(linked))

    assert isinstance(error, errors.ScopeMissing)
    assert error.refusal is not None
    assert error.refusal.cause is refusals.Cause.SCOPE_MISSING
    linked.connection.refresh_from_db()
    assert linked.connection.state == State.NEEDS_RECONNECTING


def test_work_drops_itself_when_the_connection_has_moved_on(linked: Linked) -> None:
    session = session_of(linked)
    Connection.objects.filter(pk=linked.connection.pk).update(
        generation=linked.connection.generation + 1
    )

    with pytest.raises(connection_errors.StaleGeneration):
        list_invoices(session)
    with pytest.raises(connection_errors.StaleGeneration):
        session.check_generation()

    assert accounting_calls(linked) == []


def test_generation_is_good_when_nothing_has_changed(linked: Linked) -> None:
    session_of(linked).check_generation()


def test_identity_outage_is_a_reason_to_wait_when_a_token_must_be_renewed(linked: Linked) -> None:
    connection = linked.connection
    linked.world.do("faults", match={"host": "identity"}, times=-1, answer={"status": 500})
    later = sessions.Session(
        connection_id=connection.pk,
        generation=connection.generation,
        lane=Lane.PEOPLE,
        clock=lambda: clock() + timedelta(minutes=31),
    )

    error = failure_of(list_invoices, later)

    assert type(error) is errors.Unavailable
    connection.refresh_from_db()
    assert connection.state == State.CONNECTED


@pytest.fixture
def shared_books() -> Iterator[limiting.Books]:
    """The books of the shared limiter."""
    with redis.Redis.from_url(django_settings.REDIS_URL) as server:
        yield limiting.Books(server, "xero-limiter:")


@pytest.mark.parametrize(
    ("named", "kind", "seconds"),
    [("minute", "minute", 22), ("day", "day", 66_975), ("concurrent", "concurrent", 0.5)],
)
def test_next_call_is_held_back_when_xero_answered_429(
    linked: Linked, shared_books: limiting.Books, named: str, kind: str, seconds: float
) -> None:
    list_invoices(session_of(linked))
    fault(linked, {"named": named})

    earliest = shared_books.now() + seconds
    told = failure_of(list_invoices, session_of(linked))
    latest = shared_books.now() + seconds
    before = len(accounting_calls(linked))
    # Time to ask in: half a second is soon over.
    shared_books.let_pass(-60)
    answer = rate_limiter.shared().acquire(
        tenant_id=linked.organisation.tenant_id, lane=Lane.PEOPLE
    )

    assert isinstance(told, errors.RateLimited)
    assert (told.kind, told.retry_after) == (kind, seconds)
    assert isinstance(answer, rate_limiter.Wait)
    assert answer.kind == kind
    assert earliest <= answer.until.timestamp() - 60 <= latest
    assert len(accounting_calls(linked)) == before


def test_retry_after_is_in_our_seconds_when_the_simulated_minute_is_shorter(
    linked: Linked, settings: Settings
) -> None:
    settings.XERO_MINUTE_SECONDS = 0.6
    limiting.forget_shared()
    fault(linked, {"named": "minute"})

    error = failure_of(list_invoices, session_of(linked))

    assert isinstance(error, errors.RateLimited)
    assert error.retry_after == pytest.approx(0.22)


def test_nothing_is_sent_and_no_time_lost_when_the_books_say_wait(
    linked: Linked, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.XERO_MINUTE_LIMIT = 2
    limiting.forget_shared()
    session = session_of(linked)
    list_invoices(session)
    list_invoices(session)
    before = len(accounting_calls(linked))

    sleeper = limiting.waits_by(monkeypatch, lambda _: None)
    error = failure_of(list_invoices, session)

    assert isinstance(error, errors.RateLimited)
    assert error.kind == "minute"
    assert sleeper.slept == 0
    assert len(accounting_calls(linked)) == before


@pytest.mark.parametrize(
    "answer",
    [{"cut": "before"}, {"named": "empty_html_500"}, {"named": "bad_json"}, {"status": 412}],
)
def test_slot_is_given_back_when_the_call_fails(linked: Linked, answer: dict[str, Any]) -> None:
    fault(linked, answer)

    failure_of(list_invoices, session_of(linked))

    assert books_of(linked).in_flight == 0


def test_slot_is_given_back_when_our_own_code_fails(linked: Linked) -> None:
    with pytest.raises(ZeroDivisionError):
        session_of(linked).call(lambda _: 1 // 0)  # type: ignore[arg-type, return-value]

    assert books_of(linked).in_flight == 0


def test_call_is_put_off_when_valkey_is_away(linked: Linked, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    limiting.forget_shared()

    error = failure_of(list_invoices, session_of(linked))

    assert type(error) is errors.BooksUnreadable
    assert accounting_calls(linked) == []


def test_result_is_kept_when_valkey_goes_away_during_the_call(
    linked: Linked, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server, settings.REDIS_URL = valkey.start(
        tmp_path, lambda command, _: subprocess.Popen(command, stdout=subprocess.DEVNULL)
    )
    limiting.forget_shared()

    def call(xero: client.XeroClient) -> responses.Page:
        page = xero.list_page(Resource.INVOICE, page=1, page_size=5)
        server.kill()
        server.wait()
        return page

    page = session_of(linked).call(call)

    assert len(page.elements) == 5
    assert "lapse by itself" in caplog.text


def test_books_are_rebuilt_when_valkey_was_flushed_between_calls(linked: Linked) -> None:
    session = session_of(linked)
    list_invoices(session)

    valkey_flush.forget_all()
    list_invoices(session)

    assert books_of(linked).is_known


def test_documents_come_one_by_one_when_xero_takes_no_list_of_ids(linked: Linked) -> None:
    documents = linked.books()["documents"]
    ids = [uuid.UUID(one["xero_id"]) for one in documents if one["kind"] == "CreditNotes"][:3]
    fault(linked, {"status": 400, "body": '{"Message": "Too many records"}'}, path="/CreditNotes$")

    page = session_of(linked).by_ids(Resource.CREDIT_NOTE, [*ids, uuid.uuid4()])

    assert {one["CreditNoteID"] for one in page.elements} == {str(one) for one in ids}
    assert len(accounting_calls(linked)) == 1 + 4


def test_nothing_is_found_when_xero_takes_no_list_and_has_none_of_the_ids(linked: Linked) -> None:
    fault(linked, {"status": 400, "body": "{}"}, path="/Prepayments$")

    error = failure_of(
        lambda session: session.by_ids(Resource.PREPAYMENT, [uuid.uuid4(), uuid.uuid4()]),
        session_of(linked),
    )

    assert isinstance(error, errors.NotFound)


def test_rejection_of_a_list_of_invoices_is_told_when_xero_gives_one(linked: Linked) -> None:
    fault(linked, {"status": 400, "body": "{}"})

    error = failure_of(
        lambda session: session.by_ids(Resource.INVOICE, [uuid.uuid4()]), session_of(linked)
    )

    assert isinstance(error, errors.Rejected)


def test_online_address_and_organisation_come_when_asked_for(linked: Linked) -> None:
    invoice = next(
        one
        for one in linked.books()["documents"]
        if one["kind"] == "Invoices" and one["type"] == "ACCREC" and one["status"] == "AUTHORISED"
    )
    session = session_of(linked)

    url = session.online_invoice_url(uuid.UUID(invoice["xero_id"]))

    assert url is not None
    assert url.startswith(linked.world.url)
    assert session.organisation()["Name"] == linked.organisation.name


@pytest.mark.parametrize("body", ['{"OnlineInvoices": []}', '{"OnlineInvoices": [{}]}'])
def test_there_is_no_online_address_when_xero_names_none(linked: Linked, body: str) -> None:
    fault(linked, {"status": 200, "body": body})

    assert session_of(linked).online_invoice_url(uuid.uuid4()) is None


def test_organisation_is_unavailable_when_the_reply_names_none(linked: Linked) -> None:
    fault(linked, {"status": 200, "body": '{"Organisations": []}'})

    error = failure_of(lambda session: session.organisation(), session_of(linked))

    assert type(error) is errors.Unavailable


def test_contacts_are_created_and_found_by_number_when_the_session_writes(linked: Linked) -> None:
    session = session_of(linked)
    contact = {"Name": "Ngaio Made-Up", "ContactNumber": "T-900"}

    created = session.create_contacts([contact], idempotency_key="once")
    found = session.contacts_by_number(["T-900"])

    assert [one["ContactID"] for one in found.elements] == [created.elements[0]["ContactID"]]


def test_limiter_reads_the_settings_when_it_is_first_used(settings: Settings) -> None:
    settings.XERO_DAY_LIMIT = 1234
    limiting.forget_shared()

    assert rate_limiter.shared().books_of(uuid.uuid4()).day_left == 1234
