"""What stands in the way of a sync is said where people look, with who can act."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import OperationalError, connection, transaction
from pytest_django.fixtures import Settings

from invoices.models import Document
from lrm.models import Learner
from tests.support import builders
from tests.support.connections import ALL_WELL
from tests.support.faults import fault
from tests.support.linked import Linked, clock
from xero_sync.jobs import retry_policy
from xero_sync.models import Cursor
from xero_sync.sweeps import sweeper

PAGE = "/settings/connected-apps/"


def try_to_sweep(linked: Linked) -> None:
    """Sweep as a worker does, whatever comes of it."""
    sweeper.sweep(organisation_id=linked.organisation.pk, clock=clock)


def test_page_says_that_a_role_is_missing_in_xero_and_who_gives_it(linked: Linked) -> None:
    fault(linked, {"status": 403, "body": '{"Detail": "AuthenticationUnsuccessful"}'}, times=-1)

    try_to_sweep(linked)

    page = builders.client_of(linked.manager).get(PAGE).content.decode()
    assert "lacks the role for it in Xero" in page
    assert "Reading continues by itself after that" in page
    assert ALL_WELL not in page


def test_wrong_client_secret_is_told_as_the_operators_affair(
    linked: Linked, caplog: pytest.LogCaptureFixture
) -> None:
    assert linked.connection.grant is not None
    linked.connection.grant.access_expires_at = clock()
    linked.connection.grant.save()
    fault(
        linked, {"status": 401, "body": '{"error": "invalid_client"}'}, times=-1, path="/connect/"
    )

    with caplog.at_level(logging.ERROR):
        try_to_sweep(linked)

    page = builders.client_of(linked.manager).get(PAGE).content.decode()
    assert "support must fix its settings" in page
    assert "Reconnect to Xero" in page  # Offered as always, but asked of nobody:
    assert "xero-broken" not in page
    assert "invalid_client" in caplog.text


def test_lost_encryption_key_is_told_as_the_operators_affair_until_it_is_back(
    linked: Linked, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    key = settings.TOKEN_ENCRYPTION_KEYS
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with caplog.at_level(logging.ERROR):
        try_to_sweep(linked)

    page = builders.client_of(linked.manager).get(PAGE).content.decode()
    assert "support must fix TOKEN_ENCRYPTION_KEYS" in page
    assert "xero-broken" not in page
    assert "Put the key that was used back" in caplog.text

    settings.TOKEN_ENCRYPTION_KEYS = key
    linked.sweep()

    page = builders.client_of(linked.manager).get(PAGE).content.decode()
    assert "TOKEN_ENCRYPTION_KEYS" not in page
    assert Document.objects.exists()


def test_short_wait_after_a_good_sweep_is_not_worth_a_word(linked: Linked) -> None:
    linked.sweep()
    Cursor.objects.update(problem="Waiting for Xero's limit of calls a minute")

    page = builders.client_of(linked.manager).get(PAGE).content.decode()

    assert "Syncing waits" not in page


def test_deadlock_is_tried_again_within_seconds(linked: Linked) -> None:
    """Two workers that write the same rows in different orders: PostgreSQL ends one of them."""
    linked.sweep()
    first, second = Document.objects.order_by("xero_id")[:2]
    barrier = threading.Barrier(2)

    def write(*rows: Document) -> Exception | None:
        try:
            with transaction.atomic():
                for row in rows:
                    Document.objects.filter(pk=row.pk).update(reference="")
                    if row is rows[0]:
                        barrier.wait(timeout=20)
        except OperationalError as error:
            return error
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(2) as workers:
        ends = [workers.submit(write, first, second), workers.submit(write, second, first)]
    (error,) = [caught for end in ends if (caught := end.result()) is not None]
    retry = retry_policy.after(error, attempts=0)

    assert not retry.needs_person
    assert retry.delay < timedelta(seconds=10)
    assert "database" in retry.why


def test_unexpected_error_is_logged_without_what_it_says(
    caplog: pytest.LogCaptureFixture,
) -> None:
    learner = Learner(given_name="Imogen", family_name="Made-Up", number="1")

    def fail() -> None:
        raise ValueError(str(learner))

    try:
        fail()
    except ValueError as error:
        retry_policy.after(error, attempts=0)

    assert "ValueError" in caplog.text
    assert "in fail" in caplog.text
    assert "Imogen" not in caplog.text
