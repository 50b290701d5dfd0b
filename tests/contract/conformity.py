"""Whether a call is one that the contract knows: its address, parameters, filter, body, answer."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.contract import validation
from tests.contract.extract import Interface, Operation, Value
from tests.contract.recording import Call, Exchange

# Headers of HTTP and OAuth 2.0, which the specification does not list.
_PLAIN_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }
)
_REFUSAL = Value(schema="Error")
# A condition in the language of `where`; strings double their quotes. Xero describes it in its
# documentation, not in the specification.
CONDITION = re.compile(
    r"(?P<field>[A-Za-z][\w.]*)(?P<sign>==|!=|>=|<=|>|<)"
    r'(?P<value>"(?:[^"]|"")*"|\w+\([^)]*\)|null)'
)
_JOINED = re.compile(r"[\s()]*(?:AND|OR)?[\s()]*")
_ORDER = re.compile(r"(?P<field>\w+) (?:ASC|DESC)")
# How a value is written in a filter, by the type of the member.
_WRITTEN = {
    "text": re.compile(r'".*"'),
    "uuid": re.compile(r'Guid\("[0-9a-f-]{36}"\)'),
    "date": re.compile(r"DateTime\(\d{4},\d\d,\d\d\)"),
    "instant": re.compile(r"DateTime\(\d{4},\d\d,\d\d(,\d\d){3}\)"),
}


def operation_of(interface: Interface, method: str, path: str) -> str:
    """Return the name of the operation that a call is.

    The letter case of a path does not matter: Xero takes `/connections`, and declares it with a
    capital (recorded traffic).

    :raises LookupError: the interface has none.
    """
    below = path.removeprefix(urlsplit(interface.address).path)
    for name, operation in interface.operations.items():
        its_method, template = name.split(" ")
        names = re.findall(r"\{(\w+)\}", template)
        pattern = re.sub(r"\{\w+\}", "([^/]+)", template)
        match = re.fullmatch(pattern, below, re.IGNORECASE)
        if match and method == its_method:
            given = dict(zip(names, match.groups(), strict=True))
            if not [*_faults_of_parameters(operation, "path", given)]:
                return name
    raise LookupError(f"{method} {path} is no operation")


def faults_of(interface: Interface, exchange: Exchange) -> list[str]:
    """Return what is wrong with a call and its answer; empty where nothing is.

    :raises LookupError: there is no such operation.
    """
    operation = interface.operations[operation_of(interface, exchange.method, exchange.path)]
    return [
        *faults_of_call(interface, exchange),
        *_faults_of_answer(interface, operation, exchange),
    ]


def faults_of_call(interface: Interface, call: Call) -> list[str]:
    """Return what is wrong with what is asked, whatever the answer.

    :raises LookupError: there is no such operation.
    """
    operation = interface.operations[operation_of(interface, call.method, call.path)]
    headers = {name: value for name, value in call.headers.items() if name not in _PLAIN_HEADERS}
    return [
        *_faults_of_parameters(operation, "query", call.query),
        *_faults_of_parameters(operation, "header", headers),
        *_faults_of_filter(interface, operation, call.query),
        *_faults_of_body(interface, operation.request, call.sent),
    ]


def _faults_of_parameters(
    operation: Operation, place: str, given: Mapping[str, str]
) -> Iterator[str]:
    """Compare names as HTTP does: those of headers whatever their letter case."""
    known = {
        name.lower() if place == "header" else name: one.value
        for name, one in operation.parameters.items()
        if one.place == place
    }
    for name, value in known.items():
        if value.is_required and name not in given:
            yield f"{place} {name} is missing"
    for name, text in given.items():
        if name not in known:
            yield f"{place} {name} is not declared"
            continue
        for one in text.split(",") if known[name].is_list else [text]:
            found = _read(known[name], one)
            yield from validation.faults_of_scalar(known[name], found, f"{place} {name}")


def _read(due: Value, text: str) -> Any:
    """Return what a text of an address stands for."""
    if due.type == "integer" and text.isascii() and text.isdigit():
        return int(text)
    return {"true": True, "false": False}.get(text.lower(), text) if due.type == "boolean" else text


def _faults_of_filter(
    interface: Interface, operation: Operation, query: Mapping[str, str]
) -> Iterator[str]:
    where, order = query.get("where", ""), query.get("order")
    for condition in CONDITION.finditer(where):
        yield from _faults_of_condition(interface, operation, condition)
    if left := [
        one for one in CONDITION.sub("\n", where).split("\n") if not _JOINED.fullmatch(one)
    ]:
        yield f"where is not understood at {left}"
    if order is not None:
        match = _ORDER.fullmatch(order)
        if match is None or _member(interface, operation, match["field"]) is None:
            yield f"order {order!r} names no member"


def _faults_of_condition(
    interface: Interface, operation: Operation, condition: re.Match[str]
) -> Iterator[str]:
    field, value = condition["field"], condition["value"]
    due = _member(interface, operation, field)
    if due is None:
        yield f"where names {field}, which is no member"
    elif value == "null":
        return
    elif due.type not in _WRITTEN or not _WRITTEN[due.type].fullmatch(value):
        yield f"where compares {field} with {value}"
    elif due.values and value.strip('"') not in due.values:
        yield f"where: {field} is never {value}"


def _member(interface: Interface, operation: Operation, field: str) -> Value | None:
    """Return a member of the elements that an operation lists, such as `Contact.ContactID`."""
    answer = operation.responses["200"]
    assert answer is not None
    found: Value | None = interface.schemas[answer.schema].members[answer.schema]
    for name in field.split("."):
        if found is None or not found.schema:
            return None
        found = interface.schemas[found.schema].members.get(name)
    return found


def _faults_of_body(interface: Interface, due: Value | None, sent: Any) -> list[str]:
    if due is None:
        return [] if sent is None else ["a body is sent where none is expected"]
    return validation.faults_of(interface, due.schema, sent, is_sent=True)


def _faults_of_answer(interface: Interface, operation: Operation, exchange: Exchange) -> list[str]:
    status = str(exchange.status)
    if status not in {*operation.responses, "400"}:
        return [f"the answer's status {status} is not declared"]
    # Declared for writes only, but a filter is refused in the same form.
    due = operation.responses.get(status, _REFUSAL if status == "400" else None)
    if due is None:
        return []
    if due.is_list:
        faults = [validation.faults_of(interface, due.schema, one) for one in exchange.answer]
        return [fault for some in faults for fault in some]
    read = validation.faults_of_answer if status == "200" else validation.faults_of
    return read(interface, due.schema, exchange.answer)
