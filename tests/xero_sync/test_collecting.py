"""The cycle collector is put back as it was, however walks overlap."""

import gc

import pytest

from xero_sync import collecting


def test_collector_looks_seldom_until_the_last_walk_has_ended() -> None:
    usual = gc.get_threshold()

    with collecting.seldom():
        with collecting.seldom():
            assert gc.get_threshold() == collecting.SELDOM
        assert gc.get_threshold() == collecting.SELDOM

    assert gc.get_threshold() == usual


def test_collector_is_put_back_after_a_failure() -> None:
    usual = gc.get_threshold()

    with pytest.raises(LookupError), collecting.seldom():
        raise LookupError

    assert gc.get_threshold() == usual
