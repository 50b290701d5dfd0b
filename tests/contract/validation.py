"""Whether a value is what the contract says: its members, types, forms, lengths and values.

A member that a schema does not know is a fault too: a name misspelt in the simulator would teach
a client something that the real service never sends.

Xero sends a little more than its specification declares. What that is stands here by name, each
with where it was seen; nothing else is let through.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

from tests.contract.extract import Interface, Value

# Around the collection of every answer of the accounting interface: recorded traffic, and every
# example of the specification, whose schemas leave it out.
ENVELOPE: Mapping[str, Value] = {
    "Id": Value(type="uuid", is_required=True),
    "Status": Value(type="text", values=frozenset({"OK"}), is_required=True),
    "ProviderName": Value(type="text", is_required=True),
    "DateTimeUTC": Value(type="instant", is_required=True),
}
_DATE_STRING = Value(type="date string")
_CREDIT = {"ID": Value(type="uuid"), "DateString": _DATE_STRING}
# Shown by the specification's own examples of answers, but missing from its schemas; and the
# `scope` of a token, in recorded traffic of the identity service.
UNDECLARED: Mapping[str, Mapping[str, Value]] = {
    "Invoice": {"DateString": _DATE_STRING, "DueDateString": _DATE_STRING},
    "CreditNote": _CREDIT,
    "Overpayment": _CREDIT,
    "Prepayment": _CREDIT,
    "AccessToken": {"scope": Value(type="text")},
}
# An element of a refusal also echoes what was sent (the specification's example of a 400), and
# contacts are all that we send.
_ECHOES = {"Element": "Contact"}
# Declared as any text; always of one form in the examples.
_STRICTER = {"UpdatedDateUTCString": "instant string"}

_LOCAL = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
_FORMS = {
    "uuid": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "uri": re.compile(r"https?://\S+"),
    # Milliseconds, negative before 1970; the offset is left out now and then, and says nothing.
    "date": re.compile(r"/Date\(-?\d{1,14}(\+0000)?\)/"),
    "instant": re.compile(r"/Date\(-?\d{1,14}(\+0000)?\)/"),
    # Fractions vary, and the Z is missing although it is UTC.
    "date-time": re.compile(_LOCAL + r"(\.\d{1,7})?(Z|[+-]\d\d:\d\d)?"),
    "date string": re.compile(r"\d{4}-\d\d-\d\dT00:00:00"),
    "instant string": re.compile(_LOCAL + "Z"),
}
_KINDS: Mapping[str, Callable[[Any], bool]] = {
    "number": lambda found: isinstance(found, int | float | Decimal) and not _is_truth(found),
    "integer": lambda found: isinstance(found, int) and not _is_truth(found),
    "boolean": lambda found: _is_truth(found),
}


def faults_of(interface: Interface, schema: str, found: Any, *, is_sent: bool = False) -> list[str]:
    """Return what is wrong with a value of a schema, each with its path; empty where nothing is.

    :param is_sent: the value goes to Xero, so members that can only be read are faults.
    """
    return list(_Walk(interface, is_sent=is_sent).value(Value(schema=schema), found, schema))


def faults_of_answer(interface: Interface, collection: str, answer: Any) -> list[str]:
    """Return what is wrong with an answer of the accounting interface, with its envelope."""
    if not isinstance(answer, dict):
        return [f"{collection}: an object is expected"]
    around = {name: answer[name] for name in ENVELOPE if name in answer}
    inner = {name: value for name, value in answer.items() if name not in ENVELOPE}
    faults = list(_Walk(interface).members(ENVELOPE, around, "envelope"))
    if collection not in inner:
        faults.append(f"{collection} is missing")
    return faults + faults_of(interface, collection, inner)


def faults_of_scalar(due: Value, found: Any, place: str) -> Iterator[str]:
    """Yield what is wrong with a text, number or truth value that stands in a place."""
    kind = _STRICTER.get(place.rsplit(".", 1)[-1], due.type)
    if kind in _KINDS:
        if not _KINDS[kind](found):
            yield f"{place}: {found!r} is no {kind}"
        return
    if not isinstance(found, str):
        yield f"{place}: {found!r} is no text"
        return
    if kind in _FORMS and not _FORMS[kind].fullmatch(found):
        yield f"{place}: {found!r} is no {kind}"
    if due.values and found not in due.values:
        yield f"{place}: {found!r} is not allowed"
    if due.longest is not None and len(found) > due.longest:
        yield f"{place} is longer than {due.longest}"


class _Walk:
    """Goes down a value beside the schemas, and yields every fault."""

    def __init__(self, interface: Interface, *, is_sent: bool = False) -> None:
        self._interface = interface
        self._is_sent = is_sent

    def value(self, due: Value, found: Any, path: str) -> Iterator[str]:
        """Look at what stands in one place."""
        if self._is_sent and due.is_read_only:
            yield f"{path} can only be read"
        elif not due.is_list:
            yield from self._one(due, found, path)
        elif not isinstance(found, list):
            yield f"{path}: a list is expected"
        else:
            for index, one in enumerate(found):
                yield from self._one(due, one, f"{path}[{index}]")

    def members(self, due: Mapping[str, Value], found: Any, path: str) -> Iterator[str]:
        """Look at the members of an object."""
        if not isinstance(found, dict):
            yield f"{path}: an object is expected"
            return
        for name, value in due.items():
            if value.is_required and name not in found:
                yield f"{path}.{name} is missing"
        for name, inner in found.items():
            if name in due:
                yield from self.value(due[name], inner, f"{path}.{name}")
            else:
                yield f"{path}.{name} is not declared"

    def _one(self, due: Value, found: Any, path: str) -> Iterator[str]:
        if not due.schema:
            yield from faults_of_scalar(due, found, path)
            return
        scalar = self._interface.schemas[due.schema].scalar
        if scalar is not None:
            yield from faults_of_scalar(scalar, found, path)
        else:
            yield from self.members(self._known(due.schema), found, path)

    def _known(self, schema: str) -> Mapping[str, Value]:
        known = {**self._interface.schemas[schema].members, **UNDECLARED.get(schema, {})}
        if echoed := _ECHOES.get(schema):
            known = {**self._known(echoed), **known}
        return known


def _is_truth(found: Any) -> bool:
    return isinstance(found, bool)
