"""The kept extract of Xero's specification, read once and typed."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("xero_contract.json")


@dataclass(frozen=True, kw_only=True)
class Value:
    """What may stand in one place: a scalar of a type, or an object of a schema; or many of them.

    :param values: all that are allowed; empty where anything is.
    """

    type: str = ""
    schema: str = ""
    is_list: bool = False
    values: frozenset[str] = frozenset()
    longest: int | None = None
    is_required: bool = False
    is_read_only: bool = False


@dataclass(frozen=True)
class Schema:
    """An object with members, or a scalar that has a name."""

    members: Mapping[str, Value]
    scalar: Value | None


@dataclass(frozen=True)
class Parameter:
    """A parameter of an operation: where it stands (path, query, header), and what it may be."""

    place: str
    value: Value


@dataclass(frozen=True)
class Operation:
    """A call, with what is sent and what may come back for each status."""

    parameters: Mapping[str, Parameter]
    request: Value | None
    responses: Mapping[str, Value | None]

    def names(self, place: str) -> set[str]:
        """Return the names of the parameters that stand in a place."""
        return {name for name, one in self.parameters.items() if one.place == place}


@dataclass(frozen=True)
class Interface:
    """One of Xero's interfaces, as far as we use it."""

    version: str
    address: str
    headers: frozenset[str]
    operations: Mapping[str, Operation]
    schemas: Mapping[str, Schema]

    def members(self, schema: str) -> set[str]:
        """Return the names of a schema's members."""
        return set(self.schemas[schema].members)

    def values(self, schema: str, member: str) -> set[str]:
        """Return the allowed values of a member."""
        return set(self.schemas[schema].members[member].values)


@functools.cache
def interface(name: str) -> Interface:
    """Return an interface: `accounting`, `identity` or `webhooks`."""
    found = json.loads(FILE.read_text(encoding="utf-8"))[name]
    return Interface(
        version=found["version"],
        address=found["address"],
        headers=frozenset(found["headers"]),
        operations={key: _operation(one) for key, one in found["operations"].items()},
        schemas={key: _schema(one) for key, one in found["schemas"].items()},
    )


def _operation(found: dict[str, Any]) -> Operation:
    return Operation(
        parameters={
            name: Parameter(one["in"], _value(one)) for name, one in found["parameters"].items()
        },
        request=_value(found["request"]) if "request" in found else None,
        responses={
            status: _value(one) if one else None for status, one in found["responses"].items()
        },
    )


def _schema(found: dict[str, Any]) -> Schema:
    if "members" not in found:
        return Schema({}, _value(found))
    return Schema({name: _value(one) for name, one in found["members"].items()}, None)


def _value(found: dict[str, Any]) -> Value:
    return Value(
        type=found.get("type", ""),
        schema=found.get("schema", ""),
        is_list=found.get("list", False),
        values=frozenset(found.get("values", ())),
        longest=found.get("longest"),
        is_required=found.get("required", False),
        is_read_only=found.get("read_only", False),
    )
