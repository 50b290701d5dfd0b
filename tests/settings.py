"""Settings of the test suite: the product's own, with `DEBUG` services and faster passwords."""

import os

os.environ.setdefault("DEBUG", "True")

from lrm.settings import *  # noqa: E402, F403 - the environment must be set first

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
