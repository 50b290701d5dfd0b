"""A second opinion on what the product asks of Xero: the specification's, and that of `facts`.

The simulator takes what it happens to understand. What it was asked is read from its record, and
each distinct call is held against sources that the simulator does not share. What neither knows
is a fault.
"""

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus, urlsplit

from tests.contract import conformity, extract, facts
from tests.contract.recording import Call

# The pages that a person walks through; the product only sends them to the first.
_PERSONS = re.compile("/identity/(sign-in|consent)")
_DISCOVERY = "/.well-known/"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGITS = re.compile(r"\d+")
_LETTERS = re.compile(r"[\w ]+")
_CAPITALS = re.compile('"[A-Z-]+"')
_VALUE = re.compile(r':\s*"(?:[^"\\]|\\.)*"')
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
# Encoded once; a sign that is still encoded after that was encoded twice.
_TWICE = re.compile("%[0-9A-Fa-f]{2}")
Patterns = Mapping[str, re.Pattern[str]]


@dataclass(frozen=True)
class Asked:
    """One line of the simulator's record."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: str

    @classmethod
    def read(cls, line: str) -> "Asked":
        """Read a line."""
        return cls(**json.loads(line))

    @functools.cached_property
    def path(self) -> str:
        """Return the decoded path."""
        return unquote(urlsplit(self.target).path)

    @functools.cached_property
    def query_string(self) -> str:
        """Return the query as it was sent."""
        return urlsplit(self.target).query

    @functools.cached_property
    def query(self) -> dict[str, str]:
        """Return the decoded query."""
        return dict(parse_qsl(self.query_string, keep_blank_values=True))

    def shape(self) -> tuple[str, ...]:
        """Return what calls have in common that differ in names, numbers and days alone."""
        values = (
            f"{name}:{_DIGITS.sub('0', _ID.sub('{id}', value))}"
            for name, value in self.headers.items()
            if name not in ("host", "content-length", "idempotency-key")
        )
        return (self.method, _target_form(self.target), _body_form(self.body), *sorted(values))

    def __str__(self) -> str:
        return f"{self.method} {unquote_plus(self.target)}"


def faults_of(asked: Asked) -> list[str]:
    """Return what no source knows of a call; empty where nothing is."""
    if _PERSONS.match(asked.path) or asked.path.startswith(_DISCOVERY):
        return []
    if asked.path.startswith("/connect/"):
        return [*_faults_of_form(asked)]
    if asked.path.startswith("/identity/connect/authorize"):
        return [*_faults_of_values("authorize", facts.AUTHORIZE, asked.query)] + [
            f"authorize lacks {name}"
            for name in sorted(facts.AUTHORIZE_NEEDED - asked.query.keys())
        ]
    return _faults_of_api_call(asked)


def _faults_of_api_call(asked: Asked) -> list[str]:
    is_accounting = asked.path.lower().startswith(facts.ROOT)
    interface = extract.interface("accounting" if is_accounting else "identity")
    try:
        sent = json.loads(asked.body) if asked.body else None
    except ValueError:
        return ["the body is no JSON"]
    call = Call(asked.method, asked.path, asked.query, asked.headers, sent)
    try:
        faults = conformity.faults_of_call(interface, call)
    except LookupError as error:
        return [str(error)]
    faults += [
        *_faults_of_values("query", facts.QUERY, asked.query),
        *_faults_of_headers(asked, is_accounting=is_accounting),
        *_faults_of_length(asked, sent),
    ]
    collection = asked.path[len(facts.ROOT) :]
    known = {
        f'where: {member} is never "{value}"'
        for place, member, value in facts.VALUES
        if place == collection
    }
    faults = [fault for fault in faults if fault not in known]
    if is_accounting and asked.method == "GET" and collection in facts.PAGED:
        faults += _faults_of_list(collection, asked.query)
    return faults


def _faults_of_list(collection: str, query: Mapping[str, str]) -> Iterator[str]:
    if "page" not in query:
        yield f"{collection} without a page come without their lines"
    where = query.get("where", "")
    if not where:
        return
    yield from _faults_of_joints(where)
    for condition in conformity.CONDITION.finditer(where):
        field, sign, value = condition["field"], condition["sign"], condition["value"]
        written = next((k for k, one in facts.LITERALS.items() if one.fullmatch(value)), "")
        if not written:
            yield f"where: no source shows a value written {value}"
        elif (collection, field, sign, written) not in facts.CONDITIONS:
            yield f"where: no source shows {collection} by {field} {sign} ({written})"


def _faults_of_joints(where: str) -> Iterator[str]:
    """Say what stands between conditions that no example of Xero's has."""
    joints = conformity.CONDITION.sub("\n", where)
    if joints.count("(") != joints.count(")"):
        yield "where: parentheses do not match"
    for joint in joints.split("\n"):
        if not facts.JOINED.fullmatch(joint):
            yield f"where: no source shows conditions joined by {joint!r}"
    if _TWICE.search(_QUOTED.sub("", where)):
        yield "where is encoded twice"


def _faults_of_headers(asked: Asked, *, is_accounting: bool) -> Iterator[str]:
    needed = facts.NEEDED if is_accounting else facts.NEEDED - {"xero-tenant-id"}
    for name in sorted(needed - asked.headers.keys()):
        yield f"header {name} is missing"
    for name, value in asked.headers.items():
        if name not in facts.HEADERS:
            yield f"header {name} is in no source"
            continue
        methods, pattern = facts.HEADERS[name]
        if asked.method not in methods:
            yield f"header {name} means nothing on {asked.method}"
        elif not pattern.fullmatch(value):
            yield f"header {name}: no source shows it written {value!r}"


def _faults_of_length(asked: Asked, sent: Any) -> Iterator[str]:
    if len(asked.query_string) > facts.QUERY_CHARACTERS:
        yield f"a query of {len(asked.query_string)} characters is too long"
    if len(asked.body.encode()) > facts.BODY_BYTES:
        yield "the body is too large"
    for name, elements in sent.items() if isinstance(sent, dict) else ():
        if isinstance(elements, list) and len(elements) > facts.ELEMENTS:
            yield f"{len(elements)} {name} are too many for one call"


def _faults_of_form(asked: Asked) -> Iterator[str]:
    """Look at a call of the token service; of its values the record keeps the signs alone."""
    form: dict[str, str] = json.loads(asked.body) if asked.body else {}
    known: Patterns = facts.REVOCATION_FORM
    if not asked.path.endswith("/revocation"):
        known = facts.TOKEN_FORMS.get(form.get("grant_type", ""), {})
    extra = {name: one for name, one in form.items() if name not in facts.TOKEN_EXTRAS}
    yield from _faults_of_values("form", known, extra)
    for name in sorted(known.keys() - form.keys()):
        yield f"form {name} is missing"
    if asked.headers.get("authorization") != "Basic":
        yield "the app's name and secret belong into a Basic header"


def _faults_of_values(place: str, known: Patterns, given: Mapping[str, str]) -> Iterator[str]:
    for name, value in given.items():
        if name not in known:
            yield f"{place} {name} is in no source"
        elif not known[name].fullmatch(value):
            yield f"{place} {name}: no source shows it written {value!r}"


def _target_form(target: str) -> str:
    # A number by its digits: a year of three is written otherwise than one of four.
    numbers = _DIGITS.sub(lambda found: "0" * len(found[0]), _ID.sub("{id}", unquote(target)))
    return _QUOTED.sub(_text_form, numbers)


def _text_form(found: re.Match[str]) -> str:
    """Keep what belongs to the protocol, and the signs of a name but not its letters."""
    return found[0] if _CAPITALS.fullmatch(found[0]) else _LETTERS.sub("", found[0])


def _body_form(body: str) -> str:
    """Keep the members of a body, and of its values how long they are."""
    return _VALUE.sub(lambda found: f':"{len(found[0]) // 50}', _ID.sub("{id}", body))
