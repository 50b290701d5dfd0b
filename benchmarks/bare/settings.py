"""The product's own settings with one more table and one more address. Nothing else differs."""

from lrm.settings import *  # noqa: F403 - all of them
from lrm.settings import INSTALLED_APPS as _APPS

INSTALLED_APPS = [*_APPS, "benchmarks.bare"]
ROOT_URLCONF = "benchmarks.bare.urls"
