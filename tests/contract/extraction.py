"""From Xero's specification to our extract of it: the facts that we rely on, in our own form.

An interface becomes `version`, `address`, `headers` (those that are described by themselves, as
the signature of a webhook is), `operations` and `schemas`. An operation has
`parameters`, `request` and `responses`; a schema has `members`, or is itself a text with allowed
`values`. Every member, parameter, request and response is one small object:

    type       of a scalar: one of `SCALARS`
    schema     of an object instead: the name of its schema
    list       true where there are many of them
    values     all that are allowed
    longest    the most characters
    required, read_only

Descriptions, summaries and examples are left behind. What is not understood is refused, so that a
new version of the specification cannot lose a fact in silence.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

Node = dict[str, Any]

# Xero's two forms of `/Date(…)/` are a calendar date and an instant.
SCALARS = frozenset(
    {"text", "uuid", "uri", "date", "instant", "date-time", "number", "integer", "boolean"}
)
OPERATIONS: dict[str, tuple[str, ...]] = {
    "accounting": (
        "GET /Contacts",
        "PUT /Contacts",
        "POST /Contacts",
        "GET /Contacts/{ContactID}",
        "POST /Contacts/{ContactID}",
        "GET /Contacts/{ContactNumber}",
        "GET /Contacts/{ContactID}/History",
        "GET /CreditNotes",
        "GET /CreditNotes/{CreditNoteID}",
        "PUT /CreditNotes/{CreditNoteID}/Allocations",
        "GET /CreditNotes/{CreditNoteID}/History",
        "GET /Invoices",
        "GET /Invoices/{InvoiceID}",
        "GET /Invoices/{InvoiceID}/History",
        "GET /Invoices/{InvoiceID}/OnlineInvoice",
        "GET /Organisation",
        "GET /Overpayments",
        "GET /Overpayments/{OverpaymentID}",
        "GET /Overpayments/{OverpaymentID}/History",
        "GET /Payments",
        "GET /Payments/{PaymentID}",
        "GET /Payments/{PaymentID}/History",
        "GET /Prepayments",
        "GET /Prepayments/{PrepaymentID}",
        "GET /Prepayments/{PrepaymentID}/History",
    ),
    "identity": ("GET /Connections", "DELETE /Connections/{id}"),
    # Calls that Xero makes; they have names instead of paths.
    "webhooks": ("POST contacts", "POST creditNotes", "POST invoices"),
}
# Described in the specification, but by no operation of it.
MORE_SCHEMAS = {"identity": ("AccessToken",)}
_LONGEST_LINE = 70


class NotUnderstood(ValueError):
    """The specification says something that this module has no word for."""


def draw(documents: Mapping[str, Node]) -> Node:
    """Return the extract of a whole specification, given by interface."""
    return {
        interface: draw_interface(documents[interface], operations, MORE_SCHEMAS.get(interface, ()))
        for interface, operations in OPERATIONS.items()
    }


def draw_interface(document: Node, operations: Iterable[str], schemas: Iterable[str] = ()) -> Node:
    """Return the extract of one interface.

    :raises NotUnderstood: something is not there, or has a shape that is new.
    """
    drawing = _Drawing(document)
    drawn = {name: drawing.operation(name) for name in operations}
    for name in schemas:
        drawing.reach(name)
    return {
        "version": document["info"]["version"],
        "address": document["servers"][0]["url"],
        "headers": sorted(document["components"].get("headers", ())),
        "operations": drawn,
        "schemas": drawing.schemas(),
    }


def write(value: Any, indent: int = 0) -> str:
    """Write an extract as JSON: sorted, and each fact on a line of its own."""
    flat = json.dumps(value, sort_keys=True, ensure_ascii=False)
    if _is_fact(value) and len(flat) + indent <= _LONGEST_LINE:
        return flat
    pad = " " * (indent + 1)
    if isinstance(value, list):
        opening, closing, rows = "[", "]", [write(one, indent + 1) for one in value]
    else:
        opening, closing = "{", "}"
        rows = [
            f"{json.dumps(key)}: {write(one, indent + 1)}" for key, one in sorted(value.items())
        ]
    return f"{opening}\n" + ",\n".join(pad + row for row in rows) + f"\n{' ' * indent}{closing}"


def _is_fact(value: Any) -> bool:
    return not isinstance(value, dict) or not any(isinstance(one, dict) for one in value.values())


class _Drawing:
    """One interface, while its operations and what they reach are read."""

    def __init__(self, document: Node) -> None:
        self._document = document
        self._waiting: dict[str, Node] = {}
        self._done: dict[str, Node] = {}

    def operation(self, name: str) -> Node:
        """Return an operation's facts."""
        method, path = name.split(" ")
        paths = self._document.get("paths") or self._document.get("webhooks") or {}
        try:
            place, described = paths[path], paths[path][method.lower()]
        except KeyError:
            raise NotUnderstood(f"There is no {name}.") from None
        parameters = [
            self._flat(one)
            for one in (*place.get("parameters", ()), *described.get("parameters", ()))
        ]
        drawn: Node = {
            "parameters": {one["name"]: self._parameter(one) for one in parameters},
            "responses": {
                status: self._body(self._flat(answer), f"{name} {status}")
                for status, answer in described["responses"].items()
            },
        }
        if "requestBody" in described:
            drawn["request"] = self._body(self._flat(described["requestBody"]), name)
        return drawn

    def reach(self, name: str) -> str:
        """Note a schema, to be read with all that it reaches in turn; return its name."""
        if name not in self._done:
            found = self._document["components"]["schemas"].get(name)
            if found is None:
                raise NotUnderstood(f"There is no schema {name}.")
            self._waiting[name] = found
        return name

    def schemas(self) -> Node:
        """Return every schema that was reached."""
        while self._waiting:
            name, node = self._waiting.popitem()
            self._done[name] = {}
            self._done[name] = self._schema(name, self._flat(node))
        return self._done

    def _schema(self, name: str, node: Node) -> Node:
        if "properties" not in node:
            return self._value(node, name)
        required = node.get("required", ())
        members = {}
        for member, described in node["properties"].items():
            members[member] = self._value(described, f"{name}.{member}")
            if member in required:
                members[member]["required"] = True
        return {"members": members}

    def _parameter(self, node: Node) -> Node:
        required = {"required": True} if node.get("required") else {}
        return {"in": node["in"], **self._value(node["schema"], node["name"]), **required}

    def _body(self, node: Node, place: str) -> Node:
        if "content" not in node:
            return {}
        return self._value(node["content"]["application/json"]["schema"], place)

    def _value(self, node: Node, place: str) -> Node:
        """Return what may stand in one place, which is where a schema without a name gets one."""
        facts: Node = {"read_only": True} if node.get("readOnly") else {}
        if "$ref" in node:
            return facts | {"schema": self.reach(node["$ref"].rsplit("/", 1)[1])}
        node = self._flat(node)
        if node.get("type") == "array":
            return facts | self._value(node["items"], place) | {"list": True}
        if "properties" in node:
            self._waiting[place] = node
            return facts | {"schema": place}
        facts["type"] = _scalar(node, place)
        if values := _values(node, place):
            facts["values"] = values
        if "maxLength" in node:
            facts["longest"] = node["maxLength"]
        return facts

    def _flat(self, node: Node) -> Node:
        """Return a node with what it refers to, or is put together from, in its place."""
        if "$ref" in node:
            found: Any = self._document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return self._flat(found)
        if "allOf" not in node:
            return node
        flat: Node = {name: value for name, value in node.items() if name != "allOf"}
        for part in node["allOf"]:
            flat = _merged(flat, self._flat(part))
        return flat


def _merged(first: Node, second: Node) -> Node:
    merged = dict(first)
    for name, value in second.items():
        ours = merged.get(name)
        if isinstance(ours, dict) and isinstance(value, dict):
            merged[name] = _merged(ours, value)
        elif name == "required" and ours:
            merged[name] = sorted({*ours, *value})
        else:
            merged[name] = value
    return merged


def _scalar(node: Node, place: str) -> str:
    if node.get("x-is-msdate"):
        return "date"
    if node.get("x-is-msdate-time"):
        return "instant"
    kind, form = node.get("type"), node.get("format")
    if kind == "string":
        kind = form if form in SCALARS else "text"
    if kind not in SCALARS:
        raise NotUnderstood(f"{place} is of the type {kind}.")
    return str(kind)


def _values(node: Node, place: str) -> list[str]:
    """Return the allowed values, whichever way they are told, in order."""
    if "const" in node:
        return [node["const"]]
    if "oneOf" in node:
        if not all("const" in one for one in node["oneOf"]):
            raise NotUnderstood(f"{place} is one of several things that are no values.")
        return sorted(one["const"] for one in node["oneOf"])
    return sorted(node.get("enum", ()))
