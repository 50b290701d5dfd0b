"""Settings of the test suite: the product's own, with services of its own and faster passwords.

Every test process takes a Valkey database of its own, so that runs side by side may each flush
theirs (FLUSHDB, never FLUSHALL). Their PostgreSQL databases differ by name already.
"""

import os

os.environ.setdefault("DEBUG", "True")
os.environ.setdefault("LOCAL_DIR", ".local/tests")

from lrm.settings import *  # noqa: F403 - the environment must be set first
from lrm.settings import INSTALLED_APPS as _PRODUCT
from lrm.settings import REDIS_URL as _SHARED_VALKEY

DEBUG = False
INSTALLED_APPS = ["tests.quick_flush", *_PRODUCT]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
if "REDIS_URL" not in os.environ:
    REDIS_URL = CELERY_BROKER_URL = f"{_SHARED_VALKEY.removesuffix('/0')}/{os.getpid() % 4096}"
# Static files are looked up as they are asked for: nothing is collected for a test.
WHITENOISE_AUTOREFRESH = True
