"""What of a span is told: words of our own, numbers and ids, whatever a library noted in it.

Names and attributes are made anew from the few below. An address is told by the words of it that
an app named, a statement by its verb and its table, an exception by its kind.
"""

import functools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from celery import current_app, states
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

_PLACE = "{}"
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
_VERBS = {
    *("SELECT", "INSERT", "UPDATE", "DELETE", "COPY", "WITH", "CREATE", "TRUNCATE", "ANALYZE"),
    *("SET", "SAVEPOINT", "RELEASE", "ROLLBACK", "LOCK", "SHOW"),
}
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Where one call serves many webhooks, it has the ids of some of them.
_UUIDS = re.compile(rf"{_UUID.pattern}(,{_UUID.pattern})*")
_CLASS = re.compile(r"[A-Za-z_][\w.]*")
_HOST = re.compile(r"[A-Za-z0-9.-]+")
_TABLE = re.compile(r'\b(?:FROM|INTO|UPDATE|JOIN|COPY)\s+(?:ONLY\s+)?"?(\w+)"?', re.IGNORECASE)
_FIRST_WORD = re.compile(r"\s*([A-Za-z]+)")

_path_words: set[str] = set()


def know_path_words(words: Iterable[str]) -> None:
    """Let these words of addresses that the product calls be told."""
    _path_words.update(words)


def told(
    attributes: Mapping[str, Any], *, is_call: bool = False, error: str = ""
) -> dict[str, str | int]:
    """Return what is told of a span's attributes.

    :param is_call: whether it is a call of ours, to somebody else's address.
    :param error: the kind of the exception that ended it.
    """
    found: dict[str, str | int] = {}
    _add(found, "lrm.correlation", attributes.get("lrm.correlation"), _UUIDS)
    _add(found, "error.type", error, _CLASS)
    if (task := attributes.get("celery.task_name")) in current_app.tasks:
        found["celery.task_name"] = str(task)
    if (state := attributes.get("celery.state")) in states.ALL_STATES:
        found["celery.state"] = str(state)
    _add(found, "messaging.message.id", attributes.get("messaging.message.id"), _UUID)
    _add_http(found, attributes, is_call=is_call)
    _add_database(found, attributes)
    return found


def name_of(attributes: Mapping[str, str | int]) -> str:
    """Return what a span is called, from what is told of it."""
    method = attributes.get("http.request.method")
    if method:
        place = attributes.get("http.route") or attributes.get("url.template")
        return f"{method} {place}" if place else str(method)
    if "db.operation.name" in attributes:
        table = attributes.get("db.collection.name")
        return f"{attributes['db.operation.name']} {table or ''}".strip()
    return str(attributes.get("celery.task_name", "step"))


def _add(found: dict[str, str | int], name: str, text: Any, form: re.Pattern[str]) -> None:
    if text and form.fullmatch(str(text)):
        found[name] = str(text)


def _add_http(found: dict[str, str | int], attributes: Mapping[str, Any], *, is_call: bool) -> None:
    # Each by the name that it has in the conventions of today, or by the older one.
    method = attributes.get("http.request.method") or attributes.get("http.method")
    if method is None:
        return
    found["http.request.method"] = method if method in _METHODS else "_OTHER"
    status = attributes.get("http.response.status_code") or attributes.get("http.status_code")
    if isinstance(status, int):
        found["http.response.status_code"] = status
    if not is_call:
        if (route := attributes.get("http.route")) in _own_routes():
            found["http.route"] = str(route)
        return
    parts = urlsplit(str(attributes.get("url.full") or attributes.get("http.url") or ""))
    _add(found, "server.address", parts.hostname, _HOST)
    found["url.template"] = _template_of(parts.path)


def _template_of(path: str) -> str:
    return "/".join(word if not word or word in _path_words else _PLACE for word in path.split("/"))


def _add_database(found: dict[str, str | int], attributes: Mapping[str, Any]) -> None:
    statement = attributes.get("db.query.text") or attributes.get("db.statement")
    if not isinstance(statement, str):
        return
    word = _FIRST_WORD.match(statement)
    verb = word[1].upper() if word else ""
    found["db.system.name"] = "postgresql"
    found["db.operation.name"] = verb if verb in _VERBS else "SQL"
    tables = (one for one in _TABLE.findall(statement[:20_000]) if one in _own_tables())
    if table := next(tables, ""):
        found["db.collection.name"] = table


@functools.cache
def _own_tables() -> frozenset[str]:
    return frozenset(model._meta.db_table for model in apps.get_models(include_auto_created=True))


@functools.cache
def _own_routes() -> frozenset[str]:
    return frozenset(_routes_of(get_resolver(), ""))


def _routes_of(resolver: URLResolver, before: str) -> Iterator[str]:
    """Yield every route as URLconfs write it: words, and what stands for a value."""
    for one in resolver.url_patterns:
        route = f"{before}{one.pattern}"
        if isinstance(one, URLPattern):
            yield route
        else:
            yield from _routes_of(one, route)
