"""Python's settings are put back as they were, however walks overlap."""

import gc
import sys

import pytest

from xero_sync import interpreter


def settings() -> tuple[tuple[int, int, int], float]:
    """Return what a walk changes."""
    return gc.get_threshold(), round(sys.getswitchinterval(), 6)


WALKING = (interpreter.SELDOM, interpreter.SWITCH_SECONDS)


def test_settings_are_a_walks_until_the_last_walk_has_ended() -> None:
    usual = settings()
    assert usual != WALKING

    with interpreter.set_for_walks():
        with interpreter.set_for_walks():
            assert settings() == WALKING
        assert settings() == WALKING

    assert settings() == usual


def test_settings_are_put_back_after_a_failure() -> None:
    usual = settings()

    with pytest.raises(LookupError), interpreter.set_for_walks():
        raise LookupError

    assert settings() == usual
