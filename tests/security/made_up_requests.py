"""Requests that nobody would send in good faith, for every address and every field there is.

Addresses come from the product's own table, names of fields from its templates and sources, so that
what is added later is tried without anybody's doing.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.urls import URLPattern, URLResolver, get_resolver
from hypothesis import strategies as st

from tests.support import app_lists, processes

APPS = sorted(app_lists.own_apps())
_READ = re.compile(r"""(?:GET|POST|data|params)(?:\.get|\.getlist)?[(\[]["'](\w+)["']""")
_NAMED = re.compile(r"""\bname="([\w-]+)\"""")
_CONVERTER = re.compile(r"<(?:(\w+):)?(\w+)>")
METHODS = ("GET", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")

# What has broken somebody's form before.
ODD = (
    "",
    " ",
    "0",
    "-1",
    "9" * 40,
    "1e999",
    "NaN",
    "None",
    "null",
    "on",
    "yes",
    "documents",
    "learners",
    "accept",
    "2026-02-31",
    "0001-01-01",
    "9999-12-31",
    "2026-01-01",
    "2026-11-20",
    "\x00",
    "a\x00b",
    "\ud800",
    "\u202egnp.exe",
    "\ufeff=1+1",
    "\u0661\u0662",
    "\U0001f469\u200d\U0001f393",
    "/",
    "//evil.example.com",
    "http://[",
    "/\\evil",
    "/a\r\nSet-Cookie: x=1",
    "javascript:alert(1)",
    "' OR 1=1 --",
    "%",
    "%00",
    "../../etc/passwd",
    "{{ 7*7 }}",
    "<script>alert(1)</script>",
    "x" * 5_000,
    "[" * 20_000,
)
CONTENT_TYPES = (
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=utf-7",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded; charset=no-such-charset",
    "application/x-www-form-urlencoded; charset=rot13",
    "application/x-www-form-urlencoded; charset=idna",
    "application/json",
    "application/json; charset=utf-7",
    "application/json; charset=hex",
    "application/json; charset=no-such-charset",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
    "multipart/form-data; boundary=x; charset=utf-7",
    "multipart/form-data; boundary=" + "x" * 300,
    "text/plain",
    "",
    ";",
)
HEADERS: Mapping[str, tuple[str, ...]] = {
    "Hx-Request": ("true", "false"),
    "Hx-Current-Url": ("http://[", "/x", "%"),
    "Hx-Target": ("main",),
    "Accept": ("text/html", "application/json", "*/*;q=x", ";;;", "a/b;" * 50),
    "Accept-Language": ("xx-" * 400, "*", "en;q=NaN"),
    "Cookie": ("sessionid=x", "sessionid=" + "a" * 5_000, ";;;="),
    "Referer": ("http://[", "https://evil.example.com/"),
    "Origin": ("null", "https://evil.example.com"),
    "If-Modified-Since": ("x", "Thu, 99 Foo 99999999999 00:00:00 GMT"),
    "If-None-Match": ('"', "*", "W/"),
    "Range": ("bytes=9-1", "bytes=" + "0-," * 500),
    "X-Forwarded-Proto": ("https", "x"),
    "X-Http-Method-Override": ("DELETE",),
    "X-Xero-Signature": ("", "\xff", "A" * 44),
    "Host": ("evil.example.com", "localhost:99999999", "[::1", "testserver", ""),
    "Content-Length": ("-1", "x", "0"),
}


@dataclass(frozen=True)
class MadeUp:
    """One request. Its repr is what is needed to send it again."""

    method: str
    path: str
    query: str
    content_type: str
    body: bytes
    headers: tuple[tuple[str, str], ...]

    @property
    def address(self) -> str:
        """Return path and query as they go over the line."""
        return f"{self.path}?{self.query}" if self.query else self.path


def routes() -> list[str]:
    """Return the route of every address, such as `learners/<int:learner_id>/`."""
    return sorted(set(_routes(get_resolver().url_patterns, "")))


def _routes(patterns: list[URLPattern | URLResolver], before: str) -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def field_names() -> list[str]:
    """Return every name that a template gives a field or a view reads."""
    found: set[str] = {"csrfmiddlewaretoken", "q", "page"}
    for folder in (*APPS, "templates"):
        for path in sorted((processes.ROOT / folder).rglob("*.*")):
            if path.suffix == ".html":
                found |= set(_NAMED.findall(path.read_text()))
            elif path.suffix == ".py":
                found |= set(_READ.findall(path.read_text()))
    return sorted(found)


def requests_to(known: Mapping[str, Any]) -> st.SearchStrategy[MadeUp]:
    """Return made-up requests; `known` gives values that exist for parts of an address."""
    names = field_names()
    pairs = st.lists(st.tuples(st.sampled_from(names), _values(known)), max_size=6)
    query = st.one_of(
        st.just(""),
        pairs.map(lambda of: _urlencoded(of).decode()),
        st.text(alphabet="%&=;+[]01aF", max_size=30),
    )
    headers = st.one_of(st.just(()), _headers(), _headers())
    jsons = st.tuples(st.just("application/json"), _jsons(names))
    forms = st.tuples(st.just(CONTENT_TYPES[0]), pairs.map(_urlencoded))
    uploads = st.tuples(st.just("multipart/form-data; boundary=x"), pairs.map(_multipart))
    odd = st.tuples(
        st.sampled_from(CONTENT_TYPES),
        st.one_of(pairs.map(_urlencoded), _jsons(names), st.binary(max_size=40)),
    )
    anything = st.one_of(forms, forms, uploads, jsons, odd)

    def to(route: str) -> st.SearchStrategy[MadeUp]:
        bodies = st.one_of(jsons, odd) if route.startswith("api/") else anything
        return st.builds(
            lambda method, path, query, sent, headers: MadeUp(
                method, path, query, content_type=sent[0], body=sent[1], headers=headers
            ),
            st.one_of(st.sampled_from(("GET", "POST", "POST")), st.sampled_from(METHODS)),
            _path_of(route, known),
            query,
            bodies,
            headers,
        )

    return st.sampled_from(routes()).flatmap(to)


def _headers() -> st.SearchStrategy[tuple[tuple[str, str], ...]]:
    one = st.sampled_from(sorted(HEADERS)).flatmap(
        lambda name: st.tuples(st.just(name), st.sampled_from(HEADERS[name]))
    )
    return st.lists(one, max_size=2).map(tuple)


def _values(known: Mapping[str, Any]) -> st.SearchStrategy[str]:
    real = [str(value) for value in known.values()]
    return st.one_of(
        st.sampled_from(real), st.sampled_from(ODD), st.text(max_size=12), st.sampled_from(ODD)
    )


def _path_of(route: str, known: Mapping[str, Any]) -> st.SearchStrategy[str]:
    pieces: list[st.SearchStrategy[str]] = []
    at = 0
    for found in _CONVERTER.finditer(route):
        pieces += [st.just(route[at : found.start()]), _part(found[1], found[2], known)]
        at = found.end()
    return st.tuples(*pieces, st.just(route[at:])).map(lambda of: "/" + "".join(of))


def _part(converter: str, name: str, known: Mapping[str, Any]) -> st.SearchStrategy[str]:
    real = st.just(str(known.get(name, 1)))
    if converter == "int":
        return st.one_of(real, real, st.sampled_from(("0", "99999999999999999999999", "007")))
    if converter == "uuid":
        return st.one_of(real, st.just(str(UUID(int=0))))
    odd = st.one_of(st.sampled_from(ODD), st.text(min_size=1, max_size=8))
    return st.one_of(real, odd.map(lambda text: quote(text[:200], safe="", errors="replace")))


def _urlencoded(pairs: list[tuple[str, str]]) -> bytes:
    return urlencode(pairs, errors="surrogatepass").encode()


def _jsons(names: list[str]) -> st.SearchStrategy[bytes]:
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.sampled_from(("2026-01-01", "9999-12-31", "0001-01-01", "learners")),
    )
    whole = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(names), inner, max_size=3)
        ),
        max_leaves=8,
    )
    ranges = st.fixed_dictionaries({"date_from": leaves, "date_to": leaves, "what": leaves})
    nested = st.sampled_from((b"[" * 100_000, b'{"a":' * 50_000, b'"\\ud800"', b"1" * 6_000))
    return st.one_of(st.one_of(whole, ranges).map(lambda of: json.dumps(of).encode()), nested)


def _multipart(pairs: list[tuple[str, str]]) -> bytes:
    parts = [
        f'--x\r\nContent-Disposition: form-data; name="{name}"'
        f"{'; filename=a.csv' if name == 'file' else ''}\r\n\r\n{value}\r\n"
        for name, value in pairs
    ]
    return ("".join(parts) + "--x--\r\n").encode(errors="surrogatepass")
