"""Python's settings are put back as they were, however walks overlap."""

import gc
import sys

import pytest

from xero_sync.pull import gc_tuning


def settings() -> tuple[tuple[int, int, int], float]:
    """Return what a walk changes."""
    return gc.get_threshold(), round(sys.getswitchinterval(), 6)


WALKING = (gc_tuning.SELDOM, gc_tuning.SWITCH_SECONDS)


def test_settings_are_a_walks_until_the_last_walk_has_ended() -> None:
    usual = settings()
    assert usual != WALKING

    with gc_tuning.set_for_walks():
        with gc_tuning.set_for_walks():
            assert settings() == WALKING
        assert settings() == WALKING

    assert settings() == usual


def test_settings_are_put_back_after_a_failure() -> None:
    usual = settings()

    with pytest.raises(LookupError), gc_tuning.set_for_walks():
        raise LookupError

    assert settings() == usual
