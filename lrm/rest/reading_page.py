"""The page to read the API: made here from its own description, without script.

Readers such as Swagger UI write styles into the page, which our Content-Security-Policy forbids.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from lrm import access, permissions
from lrm.rest import problems, schema


@dataclass(frozen=True)
class Field:
    """A filter, or a member of a body or an answer."""

    name: str
    type: str
    help: SafeString
    is_required: bool


@dataclass(frozen=True)
class Operation:
    """One method of one address."""

    key: str
    method: str
    address: str
    summary: str
    text: SafeString
    filters: tuple[Field, ...]
    body: tuple[Field, ...]
    answer: tuple[Field, ...]
    codes: tuple[str, ...]


@access.require(
    permissions.may_see_settings,
    explanation="The API is for people of a portal.",
)
@require_safe
def show(request: access.SignedInRequest) -> HttpResponse:
    """Show every address with what it takes and what it answers."""
    context = {
        "groups": groups_of(schema.described()),
        "problems": [(code, kind) for code, kind in problems.KINDS.items()],
    }
    return render(request, "lrm/api.html", context)


def groups_of(described: dict[str, Any]) -> dict[str, list[Operation]]:
    """Return the operations by what they are about, in order of address."""
    groups: dict[str, list[Operation]] = {}
    for address, methods in described["paths"].items():
        for method, operation in methods.items():
            tag = operation.get("tags", ["Others"])[0]
            groups.setdefault(tag, []).append(_operation(described, address, method, operation))
    return dict(sorted(groups.items()))


def _operation(
    described: dict[str, Any], address: str, method: str, operation: dict[str, Any]
) -> Operation:
    codes = operation["responses"]
    good: dict[str, Any] = next((codes[one] for one in codes if one.startswith("2")), {})
    return Operation(
        key=operation["operationId"],
        method=method.upper(),
        address=address,
        summary=operation.get("summary", ""),
        text=_with_code(operation.get("description", "")),
        filters=tuple(_filter(one) for one in operation.get("parameters", [])),
        body=tuple(_fields(described, operation.get("requestBody", {}))),
        answer=tuple(_fields(described, good)),
        codes=tuple(codes),
    )


def _filter(given: dict[str, Any]) -> Field:
    return Field(
        given["name"],
        _type(given["schema"]),
        _with_code(given.get("description", "")),
        bool(given.get("required")),
    )


def _fields(described: dict[str, Any], part: dict[str, Any]) -> Iterator[Field]:
    """Yield the members of a body; of a list those of an item."""
    content = part.get("content", {}).get("application/json", {}).get("schema", {})
    found = _resolved(described, content)
    items = found.get("properties", {}).get("results")
    if items:
        found = _resolved(described, items.get("items", {}))
    required = found.get("required", [])
    for name, given in found.get("properties", {}).items():
        said = {**_resolved(described, given), **given}
        yield Field(name, _type(said), _with_code(said.get("description", "")), name in required)


def _with_code(text: str) -> SafeString:
    """Return a text with what stands between backticks as code."""
    forms = ("{}", "<code>{}</code>")
    parts = [format_html(forms[at % 2], part) for at, part in enumerate(text.split("`"))]
    return SafeString("".join(parts))


def _resolved(described: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    if "allOf" in given and len(given["allOf"]) == 1:
        return _resolved(described, given["allOf"][0])
    reference = given.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = described["components"]["schemas"][reference] if reference else given
    return found


def _type(given: dict[str, Any]) -> str:
    """Return what a value is, in words."""
    if "enum" in given:
        words = "one of " + ", ".join(str(one) for one in given["enum"] if one is not None)
    elif given.get("type") == "array":
        words = "list"
    else:
        words = {"date-time": "moment", "date": "date", "uuid": "UUID", "uri": "address"}.get(
            given.get("format", ""), given.get("type", "object")
        )
    return f"{words} or null" if given.get("nullable") else words
