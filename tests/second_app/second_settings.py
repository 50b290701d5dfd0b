"""Settings of the tests with one more connected app: what docs/adding_an_app.md changes of them.

Found by name where this folder is on the path of Python; it mirrors the root of the checkout.
"""

from pathlib import Path

from tests.settings import *  # noqa: F403 - the product's, with one more app
from tests.settings import INSTALLED_APPS as _APPS
from tests.settings import TEMPLATES

INSTALLED_APPS = [*_APPS, "beacon"]
ROOT_URLCONF = "second_urls"
TEMPLATES[0]["DIRS"].append(Path(__file__).parent / "templates")
