"""What `walk.py` stands on: the fixtures of the tests."""

import pytest

pytest.register_assert_rewrite("tests.support")
pytest_plugins = ["tests.support.fixtures", "tests.support.linked"]
