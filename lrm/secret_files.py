"""Settings that are secret may come from files: `NAME_FILE` holds the path, the file the value.

So a secret stands neither in a service's environment, which every process that it starts inherits
and `docker inspect` shows, nor on a command line. Only the settings read it; nothing is logged.
"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured

NAMES = (
    "SECRET_KEY",
    "DATABASE_URL",
    "DATABASE_PASSWORD",
    "REDIS_URL",
    "REDIS_PASSWORD",
    "TOKEN_ENCRYPTION_KEYS",
    "XERO_CLIENT_ID",
    "XERO_CLIENT_SECRET",
    "XERO_WEBHOOK_KEYS",
    "EMAIL_URL",
    "METRICS_TOKEN",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "SENTRY_DSN",
)


def filled_in(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment with each secret that a file holds under its own name.

    The environment itself stays as it is, so what we start is told the path as we were.

    :raises ImproperlyConfigured: a file is missing or empty, or a secret is given twice.
    """
    read = {name: _read(name, environment) for name in NAMES if environment.get(f"{name}_FILE")}
    return {**environment, **read}


def with_password(address: str, *, name: str, password: str) -> str:
    """Return the address of a service with the password in it, where one is given.

    :param name: what the address is called before its `_URL`, for who reads the error.
    :raises ImproperlyConfigured: the address holds a password already.
    """
    if not password:
        return address
    parts = urlsplit(address)
    if parts.password:
        raise ImproperlyConfigured(
            f"{name}_URL holds a password and {name}_PASSWORD is set: take one of the two away."
        )
    user, _, where = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{where}"))


def _read(name: str, environment: Mapping[str, str]) -> str:
    path = environment[f"{name}_FILE"]
    if environment.get(name):
        raise ImproperlyConfigured(
            f"{name} and {name}_FILE are both set: take one of the two away, so that nobody has to "
            "guess which counts."
        )
    try:
        value = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise ImproperlyConfigured(
            f"{name}_FILE names {path}, which cannot be read: {why}. Put the secret there, "
            "readable for the user that runs this process, or set another path."
        ) from error
    if not value:
        raise ImproperlyConfigured(
            f"{name}_FILE names {path}, which is empty: write the secret into it and start again."
        )
    return value
