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
elif "REDIS_OF_TESTS" not in os.environ and (_worker := os.environ.get("PYTEST_XDIST_WORKER")):
    # On a server that was named: the databases after the one that it was named with.
    _server, _, _number = _SHARED_VALKEY.rpartition("/")
    _own = int(_number) + 1 + int(_worker.removeprefix("gw"))
    REDIS_URL = CELERY_BROKER_URL = f"{_server}/{_own}"
if "PYTEST_XDIST_WORKER" in os.environ:
    # What a test starts keeps the one that it is told. Not said by who starts the test processes:
    # they would all keep the server's first, and each other's calls and messages.
    os.environ["REDIS_OF_TESTS"] = "chosen"
# Static files are looked up as they are asked for: nothing is collected for a test.
WHITENOISE_AUTOREFRESH = True
