"""Where all fixtures come from. Rows are made in each test with `tests.support.builders`."""

import pytest

# Before anything of it is imported: what a helper asserts is then as telling as in a test.
pytest.register_assert_rewrite("tests.support")
pytest_plugins = ["tests.support.order", "tests.support.fixtures", "tests.support.linked"]
