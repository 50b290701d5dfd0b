"""Every app that the settings install stands in the lists of `pyproject.toml`.

What stands in no contract may import whatever it likes, and nobody would notice.
"""

from tests.support import app_lists


def test_every_installed_app_stands_in_every_list() -> None:
    assert len(app_lists.own_apps()) >= 5
    assert app_lists.lacking(app_lists.own_apps()) == {}


def test_app_that_somebody_forgot_is_missed_in_each_list() -> None:
    assert app_lists.lacking({*app_lists.own_apps(), "beacon"}) == {
        where: {"beacon"} for where in app_lists.lists(app_lists.PROJECT)
    }
