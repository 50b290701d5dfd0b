"""The one refresher: when it refreshes, what it believes, what it survives."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import Settings

from connected_apps import checks, errors
from connected_apps.lifecycle import housekeeping
from connected_apps.models import Connection, Grant, State
from connected_apps.oauth import encryption, tokens
from connected_apps.states import states
from lrm import sealed_values
from tests.support import builders, second_factors
from tests.support.xero import Browser

TOKEN = "/connect/token"


@pytest.fixture
def connected(browser: Browser) -> Browser:
    """The portal connected, and the calls of connecting forgotten."""
    browser.connect()
    return browser


def lose_refresh_token() -> None:
    """Put another refresh token in the place of the newest."""
    grant = Grant.objects.get()
    encryption.put(grant, encryption.REFRESH, "lost-on-the-way")
    grant.save()


def store_as_before() -> None:
    """Let the tokens be encrypted as releases before did it: bound to no row."""
    grant = Grant.objects.get()
    key = Fernet(django_settings.TOKEN_ENCRYPTION_KEYS[-1])
    for column in encryption.COLUMNS:
        if text := encryption.read(grant, column):
            setattr(grant, column, key.encrypt(text.encode()))
    grant.save()


def are_sealed() -> set[bool]:
    """Say of every stored token whether it is bound to its row."""
    grant = Grant.objects.get()
    stored = [getattr(grant, column) for column in encryption.COLUMNS]
    return {sealed_values.is_sealed(one) for one in stored if one is not None}


def ask(browser: Browser, *, after: timedelta = timedelta(), rejected: str | None = None) -> str:
    """Ask for a token so long after now; the simulator's clock goes along."""
    return tokens.access_token_for(
        connection_id=browser.connection.pk, now=timezone.now() + after, rejected=rejected
    ).value


def test_token_is_good_for_the_organisation_when_fresh(connected: Browser) -> None:
    before = connected.world.calls(TOKEN)

    token = tokens.access_token_for(connection_id=connected.connection.pk, now=timezone.now())

    assert token.tenant_id == connected.connection.organisation.tenant_id  # type: ignore[union-attr]
    assert token.generation == 1
    assert token.value not in repr(token)
    assert connected.world.calls(TOKEN) == before


@pytest.mark.parametrize(("left", "refreshes"), [(360, 0), (300, 0), (299.999999, 1), (-60, 1)])
def test_token_is_refreshed_once_less_than_five_minutes_are_left(
    connected: Browser, left: float, refreshes: int
) -> None:
    now = timezone.now()
    Grant.objects.update(access_expires_at=now + timedelta(seconds=left))

    assert tokens.access_token_for(connection_id=connected.connection.pk, now=now).value

    assert Grant.objects.get().refresh_count == refreshes


def test_rejected_token_is_refreshed_once_whoever_asks(connected: Browser) -> None:
    first = ask(connected)

    second = ask(connected, rejected=first)
    third = ask(connected, rejected=first)

    assert second != first
    assert third == second
    assert Grant.objects.get().refresh_count == 1


@pytest.mark.parametrize("minutes", [0, 40])
def test_token_inside_a_transaction_is_refused(connected: Browser, minutes: int) -> None:
    with transaction.atomic(), pytest.raises(RuntimeError):
        ask(connected, after=timedelta(minutes=minutes))


def test_lost_reply_is_asked_for_again_with_the_stored_token(connected: Browser) -> None:
    connected.world.fail(TOKEN, cut="after")

    with pytest.raises(errors.IdentityUnavailable):
        ask(connected, after=timedelta(minutes=40))
    value = ask(connected, after=timedelta(minutes=41))

    assert value
    assert connected.connection.state == State.CONNECTED


def test_killed_between_refresh_and_save_costs_nothing(connected: Browser) -> None:
    # What a kill leaves behind: Xero has rotated, the row still holds the old token.
    row = Grant.objects.values().get()
    ask(connected, after=timedelta(minutes=26))
    Grant.objects.filter(pk=row["id"]).update(**row)

    value = ask(connected, after=timedelta(minutes=27))

    assert value
    assert connected.connection.state == State.CONNECTED


@pytest.mark.parametrize(
    "fault",
    [{"status": 500}, {"status": 429}, {"status": 200, "body": "no json"}, {"cut": "before"}],
)
def test_outage_never_breaks_the_connection(connected: Browser, fault: dict[str, Any]) -> None:
    connected.world.fail(TOKEN, times=-1, **fault)

    with pytest.raises(errors.IdentityUnavailable):
        ask(connected, after=timedelta(minutes=40))
    connected.world.heal()

    assert ask(connected, after=timedelta(minutes=41))
    assert connected.connection.state == State.CONNECTED


def test_outage_costs_nothing_while_the_token_has_time(connected: Browser) -> None:
    fresh = ask(connected)
    connected.world.fail(TOKEN, times=-1, status=500)

    assert ask(connected, after=timedelta(minutes=27)) == fresh


@pytest.mark.parametrize(("seconds_left", "is_given"), [(31, True), (30, False)])
def test_token_is_given_out_in_an_outage_to_half_a_minute_before_its_end(
    connected: Browser, seconds_left: int, is_given: bool
) -> None:
    connected.world.fail(TOKEN, times=-1, status=500)
    now = timezone.now()
    Grant.objects.update(access_expires_at=now + timedelta(seconds=seconds_left))
    pk = connected.connection.pk

    if is_given:
        assert tokens.access_token_for(connection_id=pk, now=now).value
    else:
        with pytest.raises(errors.IdentityUnavailable):
            tokens.access_token_for(connection_id=pk, now=now)


def test_wrong_client_secret_never_breaks_the_connection(
    connected: Browser, settings: Settings
) -> None:
    settings.XERO_CLIENT_SECRET = "wrong"

    with pytest.raises(errors.IdentityMisconfigured):
        ask(connected, after=timedelta(minutes=40))

    assert connected.connection.state == State.CONNECTED
    assert Grant.objects.get().dead_at is None


def test_single_invalid_grant_is_not_believed(connected: Browser) -> None:
    connected.world.fail(TOKEN, status=400, body='{"error": "invalid_grant"}')

    assert ask(connected, after=timedelta(minutes=26))
    assert connected.connection.state == State.CONNECTED


def test_previous_token_saves_the_grant_inside_its_grace(connected: Browser) -> None:
    ask(connected, after=timedelta(minutes=26))
    lose_refresh_token()

    assert ask(connected, after=timedelta(minutes=54))
    assert connected.connection.state == State.CONNECTED


def test_previous_token_is_not_tried_after_its_grace(connected: Browser) -> None:
    ask(connected, after=timedelta(minutes=26))
    lose_refresh_token()

    with pytest.raises(errors.ConnectionBroken):
        ask(connected, after=timedelta(minutes=56, seconds=30))


def test_dead_grant_needs_reconnecting_and_is_not_asked_for_again(connected: Browser) -> None:
    connected.world.do("clock", advance_seconds=61 * 86_400)

    with pytest.raises(errors.ConnectionBroken):
        ask(connected, after=timedelta(days=61))
    calls = connected.world.calls(TOKEN)
    with pytest.raises(errors.ConnectionBroken):
        ask(connected, after=timedelta(days=61))

    assert connected.connection.state == State.NEEDS_RECONNECTING
    assert connected.world.calls(TOKEN) == calls


def test_death_found_by_a_killed_process_is_recorded_by_the_next(connected: Browser) -> None:
    Grant.objects.update(dead_at=timezone.now())

    with pytest.raises(errors.ConnectionBroken):
        ask(connected)

    assert connected.connection.state == State.NEEDS_RECONNECTING


def test_reconnecting_mends_a_dead_grant(connected: Browser) -> None:
    Grant.objects.update(dead_at=timezone.now())
    with pytest.raises(errors.ConnectionBroken):
        ask(connected)

    connected.connect()

    assert connected.connection.state == State.CONNECTED
    assert ask(connected)
    assert Grant.objects.count() == 1


@pytest.mark.parametrize("state", [State.NOT_CONNECTED, State.DISCONNECTED_HERE])
def test_no_token_without_connection(connected: Browser, state: State) -> None:
    Connection.objects.update(state=state)

    with pytest.raises(errors.NotConnected):
        ask(connected)


def test_crossing_three_expiries_keeps_going(connected: Browser) -> None:
    values = {ask(connected, after=timedelta(minutes=minutes)) for minutes in (0, 28, 56, 84)}

    assert len(values) == 4
    assert connected.connection.state == State.CONNECTED


def test_resting_grants_are_renewed_well_before_60_days(connected: Browser) -> None:
    soon = timezone.now() + timedelta(days=19)
    late = timezone.now() + timedelta(days=21)

    assert housekeeping.connections_to_keep_alive(now=soon) == []
    assert housekeeping.connections_to_keep_alive(now=late) == [connected.connection.pk]

    tokens.renew(connection_id=connected.connection.pk, now=timezone.now())
    assert Grant.objects.get().refresh_count == 1


def test_keys_rotate_without_anybody_reconnecting(
    connected: Browser, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = ask(connected)
    old, new = settings.TOKEN_ENCRYPTION_KEYS[0], Fernet.generate_key().decode()
    ask(connected, rejected=before)
    value = ask(connected)
    settings.TOKEN_ENCRYPTION_KEYS = [new, old]

    second_factors.make_factor(connected.user)

    call_command("rotate_token_keys")
    settings.TOKEN_ENCRYPTION_KEYS = [new]

    told = capsys.readouterr().out
    assert "1 grants" in told
    assert "1 second factors" in told
    assert ask(connected) == value
    assert second_factors.app_of(connected.user)
    assert encryption.read(Grant.objects.get(), encryption.PREVIOUS_REFRESH)


def test_keys_rotate_where_no_token_came_before_the_present_one(
    connected: Browser, settings: Settings
) -> None:
    value = ask(connected)
    assert Grant.objects.get().previous_refresh_token_encrypted is None
    new = Fernet.generate_key().decode()
    settings.TOKEN_ENCRYPTION_KEYS = [new, *settings.TOKEN_ENCRYPTION_KEYS]

    call_command("rotate_token_keys")
    settings.TOKEN_ENCRYPTION_KEYS = [new]

    assert ask(connected) == value
    assert Grant.objects.get().previous_refresh_token_encrypted is None


def test_token_of_a_release_before_works_and_is_sealed_by_the_next_refresh(
    connected: Browser,
) -> None:
    value = ask(connected)
    store_as_before()
    assert are_sealed() == {False}

    assert ask(connected) == value
    refreshed = ask(connected, after=timedelta(minutes=26))

    assert refreshed not in {"", value}
    assert are_sealed() == {True}


def test_token_of_a_release_before_is_sealed_by_rotation(
    connected: Browser, settings: Settings
) -> None:
    value = ask(connected)
    ask(connected, rejected=value)
    store_as_before()
    settings.TOKEN_ENCRYPTION_KEYS = [
        Fernet.generate_key().decode(),
        *settings.TOKEN_ENCRYPTION_KEYS,
    ]

    call_command("rotate_token_keys")
    settings.TOKEN_ENCRYPTION_KEYS = settings.TOKEN_ENCRYPTION_KEYS[:1]

    assert are_sealed() == {True}
    assert ask(connected)


@pytest.mark.parametrize("moved", ["row", "column", "portal", "bytes", "short"])
def test_token_does_not_open_anywhere_but_where_it_was_stored(
    connected: Browser, moved: str
) -> None:
    grant = Grant.objects.get()
    stored = bytes(grant.access_token_encrypted)
    column = encryption.ACCESS
    if moved == "row":
        grant.pk = None
        grant.save()
    elif moved == "column":
        column = encryption.REFRESH
    elif moved == "portal":
        grant.portal = builders.make_portal("Saltbush")
    elif moved == "bytes":
        stored = stored[:-1] + bytes([stored[-1] ^ 1])
    else:
        stored = stored[:12]
    setattr(grant, column, stored)
    grant.save()

    with pytest.raises(errors.WrongTokenKey):
        encryption.read(Grant.objects.get(pk=grant.pk), column)


def test_secret_of_a_second_factor_whose_key_is_gone_is_named_by_rotation(
    connected: Browser, settings: Settings
) -> None:
    second_factors.make_factor(connected.user)
    Grant.objects.all().delete()
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(CommandError, match="second factor"):
        call_command("rotate_token_keys")


@pytest.mark.parametrize("key", ["", "short", "für", "A" * 44])
def test_key_that_cannot_encrypt_is_refused_at_the_start(settings: Settings, key: str) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = [key]

    (found,) = checks.check_keys()

    assert "32 bytes" in str(found.msg)


def test_wrong_key_is_named_and_breaks_nothing(connected: Browser, settings: Settings) -> None:
    settings.TOKEN_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(errors.WrongTokenKey, match="TOKEN_ENCRYPTION_KEYS"):
        ask(connected)
    with pytest.raises(CommandError, match="TOKEN_ENCRYPTION_KEYS"):
        call_command("rotate_token_keys")

    assert connected.connection.state == State.CONNECTED


def test_paused_connection_still_has_tokens(connected: Browser) -> None:
    states.apply(
        connection_id=connected.connection.pk,
        trigger=states.Trigger.DAY_LIMIT_REACHED,
        by=None,
        why="x",
        now=timezone.now(),
        paused_until=datetime.max.replace(tzinfo=timezone.get_current_timezone()),
    )

    assert ask(connected)
