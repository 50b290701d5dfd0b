"""Django settings: everything that differs between machines comes from the environment.

Where `DATABASE_URL` or `REDIS_URL` is unset and `DEBUG` is on, real services start by themselves
under `.local/` (see `lrm.local.local_services`). With `DEBUG` off nothing is guessed: a missing
secret stops the start with its name. Production has neither `lrm.local` nor `lrm.demo` in its
image, so both are imported only where development asks for them.
"""

import importlib
import importlib.util
import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from lrm import secret_files

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()
# Real environment variables win over both files, the first file over the second. The second is
# written by `make demo`, so that manage.py commands run beside the demo use its services; it counts
# for as long as that demo lives. The test suite has a LOCAL_DIR of its own, and so touches neither
# the demo's data nor its settings.
environ.Env.read_env(BASE_DIR / ".env")
LOCAL_DIR = BASE_DIR / env.str("LOCAL_DIR", default=".local")


def local_services() -> Any:
    """Return the module of local services; None in production, which leaves it out."""
    if importlib.util.find_spec("lrm.local") is None:
        return None
    return importlib.import_module("lrm.local.local_services")


if (LOCAL_DIR / "demo.lock").exists():
    services = local_services()
    if services is not None and services.is_held(LOCAL_DIR / "demo.lock"):
        environ.Env.read_env(LOCAL_DIR / "demo.env")

# Secrets that stand in files, read once; the environment of what we start is not touched.
env.ENVIRON = secret_files.filled_in(os.environ)
DEBUG = env.bool("DEBUG", default=False)


def required(name: str, *, in_debug: str) -> str:
    """Return a setting that production must name itself.

    :raises ImproperlyConfigured: when `DEBUG` is off and the setting is missing or empty.
    """
    value: str = env.str(name, default="")
    if value:
        return value
    if DEBUG:
        return in_debug
    raise missing(name)


def missing(name: str) -> ImproperlyConfigured:
    """Return the error that stops the start."""
    return ImproperlyConfigured(
        f"{name} is not set. Set it in the environment (see .env.example), or {name}_FILE to a "
        "file that holds it where it is a secret, and start again. "
        "For development, DEBUG=True gives every setting a default."
    )


def service_url(name: str) -> str:
    """Return `DATABASE_URL` or `REDIS_URL`, starting the local service where it is unset.

    A password may stand apart, in `DATABASE_PASSWORD` or `REDIS_PASSWORD`.

    :raises ImproperlyConfigured: when it is unset and `DEBUG` is off, or no service can start here.
    """
    value: str = env.str(name, default="")
    if value:
        service = name.removesuffix("_URL")
        password = env.str(f"{service}_PASSWORD", default="")
        return secret_files.with_password(value, name=service, password=password)
    services = local_services() if DEBUG else None
    if services is None:
        raise missing(name)
    start = services.database_url if name == "DATABASE_URL" else services.redis_url
    return str(start(LOCAL_DIR))


SECRET_KEY = required("SECRET_KEY", in_debug="made-up-key-for-development-only")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"] if DEBUG else [])
if not ALLOWED_HOSTS:
    required("ALLOWED_HOSTS", in_debug="")
PUBLIC_URL = required("PUBLIC_URL", in_debug="http://localhost:8000").rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "bootstrap",
    "rest_framework",
    "drf_spectacular",
    "lrm",
    "connected_apps",
    "invoices",
    "xero_sync",
    "reports",
]

MIDDLEWARE = [
    "lrm.door.response_headers.ResponseHeadersMiddleware",
    "lrm.watching.log_context.LogContextMiddleware",
    "lrm.door.proxies.TrustedProxyMiddleware",
    "lrm.door.front_door.FrontDoorMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "lrm.sign_in.sessions.SessionEndMiddleware",
    "lrm.door.middleware.PortalMiddleware",
    "lrm.sign_in.factor_gate.FactorGateMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "lrm.urls"
WSGI_APPLICATION = "lrm.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lrm.context.shell",
            ],
        },
    }
]

DATABASES: dict[str, Any] = {"default": env.db_url_config(service_url("DATABASE_URL"))}
# A pooler that gives a connection for one transaction, such as PgBouncer, takes no cursor that
# outlives it, and keeps connections itself.
DATABASE_POOLER = env.bool("DATABASE_POOLER", default=False)
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = DATABASE_POOLER
DATABASES["default"]["CONN_MAX_AGE"] = (
    env.int("DATABASE_CONN_MAX_AGE")
    if env.str("DATABASE_CONN_MAX_AGE", default="")
    else (0 if DATABASE_POOLER else 60)
)
# A server that vanishes, as its host fails or the network to it, says nothing: by Linux's defaults
# whoever talks to it hangs for a quarter of an hour, and whoever waits for an answer for two hours.
# What the address itself says wins; a socket of this host is not concerned.
_given = DATABASES["default"]["OPTIONS"] = {
    "connect_timeout": 5,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    # In milliseconds.
    "tcp_user_timeout": 30_000,
    **DATABASES["default"].get("OPTIONS", {}),
}
if not DATABASE_POOLER:
    # A pooler takes no options at the start; the user's own settings serve there.
    # No statement of ours works for long enough to earn being compiled, and PostgreSQL reckons
    # that those with many subqueries do: two seconds for a page of a hundred milliseconds.
    # A process that hangs within a transaction, stopped or cut off with its machine, would hold its
    # rows for ever, and whoever needs one would wait. So long a lease lasts, too (`jobs.leases`).
    _options = "-c jit=off -c idle_in_transaction_session_timeout=90s"
    _given["options"] = f"{_options} {_given.get('options', '')}".strip()
# Test runs side by side on one server must not share a database.
DATABASES["default"]["TEST"] = {"NAME": f"test_lrm_{os.getpid()}"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
REDIS_URL = service_url("REDIS_URL")

AUTH_USER_MODEL = "lrm.User"
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"
# How long a link to set a password works, in seconds.
PASSWORD_RESET_TIMEOUT = 24 * 3600
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]

LANGUAGE_CODE = "en-au"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "lrm" / "assets"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = DEBUG

# Larger files are read past and thrown away before any page sees them.
FILE_UPLOAD_HANDLERS = [
    "lrm.door.bounded_uploads.BoundedUploadHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]

# Sessions end so many hours after they began, and so many minutes after their person last did
# something.
SESSION_HOURS = env.float("SESSION_HOURS", default=12.0)
SESSION_IDLE_MINUTES = env.float("SESSION_IDLE_MINUTES", default=60.0)
SESSION_COOKIE_AGE = int(SESSION_HOURS * 3600)
SESSION_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_SAMESITE = "Lax"  # The consent redirect from Xero must still carry the session.
SECURE_COOKIES = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_COOKIE_SECURE = SECURE_COOKIES
# A browser takes a cookie of such a name only over https, from this very host and for all of it.
_COOKIE_PREFIX = "__Host-" if SECURE_COOKIES else ""
SESSION_COOKIE_NAME = f"{_COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{_COOKIE_PREFIX}csrftoken"
# Empty, as docker-compose passes what is not set, means the default.
SECURE_SSL_REDIRECT = (
    env.bool("SECURE_SSL_REDIRECT")
    if env.str("SECURE_SSL_REDIRECT", default="")
    else not DEBUG and SECURE_COOKIES
)
SECURE_HSTS_SECONDS = 31_536_000 if SECURE_SSL_REDIRECT else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_SSL_REDIRECT
SECURE_HSTS_PRELOAD = SECURE_SSL_REDIRECT
# The addresses or networks of the proxies in front, whose headers say who asks and by https.
TRUSTED_PROXIES = env.list("TRUSTED_PROXIES", default=["127.0.0.0/8", "::1"])
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
# Seconds. By Django's default a silent mail server would hold a worker for ever.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="LRM <no-reply@localhost>")

# --- Xero -------------------------------------------------------------------------------------
XERO_CLIENT_ID = required("XERO_CLIENT_ID", in_debug="demo-client-id")
XERO_CLIENT_SECRET = required("XERO_CLIENT_SECRET", in_debug="demo-client-secret")
XERO_WEBHOOK_KEYS = env.list("XERO_WEBHOOK_KEYS", default=["demo-webhook-key"] if DEBUG else [])
if not XERO_WEBHOOK_KEYS:
    required("XERO_WEBHOOK_KEYS", in_debug="")
# Newest first: the first encrypts, all of them decrypt.
TOKEN_ENCRYPTION_KEYS = env.list(
    "TOKEN_ENCRYPTION_KEYS",
    default=["ZGV2ZWxvcG1lbnQtb25seS1rZXktMzItYnl0ZXMtb2s="] if DEBUG else [],
)
if not TOKEN_ENCRYPTION_KEYS:
    required("TOKEN_ENCRYPTION_KEYS", in_debug="")
XERO_SCOPES = env.str(
    "XERO_SCOPES",
    default=(
        "openid profile email offline_access accounting.invoices.read accounting.payments.read "
        "accounting.contacts accounting.settings.read"
    ),
).split()
XERO_AUTHORIZE_URL = env.str(
    "XERO_AUTHORIZE_URL", default="https://login.xero.com/identity/connect/authorize"
)
XERO_IDENTITY_URL = env.str("XERO_IDENTITY_URL", default="https://identity.xero.com").rstrip("/")
XERO_API_URL = env.str("XERO_API_URL", default="https://api.xero.com").rstrip("/")
XERO_ONLINE_INVOICE_HOSTS = env.list("XERO_ONLINE_INVOICE_HOSTS", default=["in.xero.com"])
XERO_MINUTE_LIMIT = env.int("XERO_MINUTE_LIMIT", default=60)
XERO_DAY_LIMIT = env.int("XERO_DAY_LIMIT", default=5000)
XERO_CONCURRENT_LIMIT = env.int("XERO_CONCURRENT_LIMIT", default=5)
XERO_APP_MINUTE_LIMIT = env.int("XERO_APP_MINUTE_LIMIT", default=10_000)
# The length of Xero's windows, shorter only where the simulator's clock runs faster than ours; and
# how long a reply may keep us waiting, which is also how soon a killed worker's call is given up.
XERO_MINUTE_SECONDS = env.float("XERO_MINUTE_SECONDS", default=60.0)
XERO_DAY_SECONDS = env.float("XERO_DAY_SECONDS", default=86_400.0)
XERO_READ_SECONDS = env.float("XERO_READ_SECONDS", default=30.0)
# How long after a sweep the next one is due; webhooks bring changes meanwhile.
XERO_SWEEP_SECONDS = env.float("XERO_SWEEP_SECONDS", default=300.0)

# How many days the versions of documents that were replaced are kept; 0 keeps them for ever.
DOCUMENT_VERSION_DAYS = env.int("DOCUMENT_VERSION_DAYS", default=400)
# The same for what Xero announced, for logs of re-syncs, and for notices under the bell.
WEBHOOK_DAYS = env.int("WEBHOOK_DAYS", default=90)
RUN_LOG_DAYS = env.int("RUN_LOG_DAYS", default=400)
NOTICE_DAYS = env.int("NOTICE_DAYS", default=180)
# The log of what was told to endpoints outside, and whether they may be of a local network.
WEBHOOK_MESSAGE_DAYS = env.int("WEBHOOK_MESSAGE_DAYS", default=30)
WEBHOOK_LOCAL_TARGETS = env.bool("WEBHOOK_LOCAL_TARGETS", default=DEBUG)
if 0 < WEBHOOK_DAYS < 31:
    raise ImproperlyConfigured(
        "WEBHOOK_DAYS must be 31 or more, or 0 to keep events for ever: whether instant updates "
        "arrive is told from those of the last 30 days."
    )

# --- Celery: wakes workers, keeps nothing ---------------------------------------------------------
CELERY_BROKER_URL = REDIS_URL
# A broker that refuses or hangs is given up after a second; beat wakes again.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_timeout": 1.0,
    "socket_connect_timeout": 1.0,
    "max_retries": 0,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A worker outlives its broker, however long that is away: by default it ends itself after a
# hundred tries, and at an answer that a broker gives only while it starts or is full.
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_WORKER_CONSUMER = "lrm.waking.worker_consumer:Consumer"
# At SIGTERM turns end after their page (`lrm.waking.worker_stop`). At SIGQUIT, for who cannot wait,
# what runs gets so many seconds; what is cut off then is a row whose lease lapses.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5.0
CELERY_TASK_DEFAULT_QUEUE = "people"
CELERY_TIMEZONE = "UTC"

# With which Prometheus asks for /metrics; without one only this machine may.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")

# --- Observers outside: told nothing where these are empty ----------------------------------------
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
OTEL_EXPORTER_OTLP_HEADERS = env.str("OTEL_EXPORTER_OTLP_HEADERS", default="")
# The share of traces that is kept, up to 1.
OTEL_TRACES_SAMPLER_ARG = float(env.str("OTEL_TRACES_SAMPLER_ARG", default="") or 1)
SENTRY_DSN = env.str("SENTRY_DSN", default="")

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"context": {"()": "lrm.watching.log_context.ContextFilter"}},
    "formatters": {
        "plain": {
            "()": "lrm.watching.log_context.PlainFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
        },
        "json": {"()": "lrm.watching.log_context.JsonFormatter"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            # "plain" for people or "json" for programs.
            "formatter": env.str("LOG_FORMAT", default="plain"),
            "filters": ["context"],
        }
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["lrm.door.api_bodies.SmallJsonParser"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
    # No answer has another form than JSON, so no word of an address asks for one.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "LRM",
    "DESCRIPTION": "Learners, their documents from Xero, and the sync between the two.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": ["lrm.rest.schema.add_problems"],
    "SCHEMA_PATH_PREFIX": "/api/v1/",
}
