"""The API's own description (OpenAPI 3), made from its views by drf-spectacular.

It is open to everybody: it describes the product and holds nothing of anybody. What every address
may answer besides its own, the problems, is added here to each, so that no view can forget one.
"""

import functools
import json
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers

from lrm.rest import problems

_PROBLEM = {
    "type": "object",
    "description": "A problem document (RFC 9457).",
    "properties": {
        "type": {"type": "string", "description": "Where the kind of problem is explained."},
        "title": {"type": "string", "description": "The kind of problem in words."},
        "status": {"type": "integer", "description": "The status of the answer."},
        "detail": {"type": "string", "description": "What is wrong, and what helps."},
        "errors": {
            "type": "object",
            "description": "What is wrong with which filter or field.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "required": ["type", "title", "status", "detail"],
}
_ALWAYS = (400, 401, 403, 429)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # untyped package
    """Says how a token is sent."""

    target_class = "lrm.rest.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return it as OpenAPI writes it."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token made under Your account > API tokens.",
        }


class SessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call] # untyped package
    """Says that a browser's session does as well."""

    target_class = "lrm.rest.authentication.SessionAuthentication"
    name = "session"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        """Return it as OpenAPI writes it."""
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": "sessionid",
            "description": "The session of somebody who is signed in; POST needs X-CSRFToken too.",
        }


def add_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add to each operation the problems that it may answer: a hook of drf-spectacular's."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = _PROBLEM
    for address, methods in result["paths"].items():
        for method, operation in methods.items():
            named = {int(code) for code in operation["responses"] if int(code) >= 400}
            for code in sorted(named | _codes_of(address, method)):
                operation["responses"][str(code)] = _answer(code)
            if method == "get":
                operation["responses"]["304"] = {"description": "Nothing changed since that ETag."}
    return result


def _codes_of(address: str, method: str) -> set[int]:
    of_address = {404} if "{" in address else set()
    return {*_ALWAYS, *of_address, *((413, 415) if method == "post" else ())}


def _answer(code: int) -> dict[str, Any]:
    kind = problems.KINDS[code]
    return {
        "description": f"{kind.title}. {kind.meaning}",
        "content": {problems.CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


_pages: dict[str, Any] = {}


def page_serializer(item: type[serializers.BaseSerializer[Any]]) -> Any:
    """Return what a list of such items answers: one class for each, as they go by name."""
    if item.__name__ not in _pages:
        _pages[item.__name__] = _new_page_serializer(item)
    return _pages[item.__name__]


def _new_page_serializer(item: type[serializers.BaseSerializer[Any]]) -> Any:
    return type(
        f"PageOf{item.__name__}",
        (serializers.Serializer,),
        {
            "results": item(many=True),
            "next": serializers.URLField(
                allow_null=True, help_text="The address of the next page; null at the end."
            ),
        },
    )


def lists(
    item: type[serializers.BaseSerializer[Any]],
    *,
    query: type[serializers.Serializer[Any]],
    summary: str,
    tag: str,
    name: str,
    codes: tuple[int, ...] = (),
) -> Callable[[Any], Any]:
    """Describe a `get` that answers a page of items; `codes` are problems of its own."""
    return extend_schema(
        operation_id=name,
        summary=summary,
        tags=[tag],
        parameters=[query],
        responses={200: page_serializer(item), **problem(*codes)},
    )


def shows(
    item: type[serializers.BaseSerializer[Any]],
    *,
    summary: str,
    tag: str,
    name: str,
    query: type[serializers.Serializer[Any]] | None = None,
    codes: tuple[int, ...] = (),
) -> Callable[[Any], Any]:
    """Describe a `get` that answers one item; `codes` are problems of its own."""
    return extend_schema(
        operation_id=name,
        summary=summary,
        tags=[tag],
        parameters=[query] if query else [],
        responses={200: item, **problem(*codes)},
    )


def problem(*codes: int) -> dict[int, Any]:
    """Return the problems that an address may answer besides those that all do."""
    # What they look like is added to all alike, see `add_problems`.
    return dict.fromkeys(codes)


@functools.cache
def described() -> dict[str, Any]:
    """Return the description; it is the same for as long as the process lives."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call] # untyped package
    found: dict[str, Any] = json.loads(json.dumps(generator.get_schema(None, public=True)))  # type: ignore[no-untyped-call] # untyped package
    return found


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Answer with the description."""
    return HttpResponse(json.dumps(described()), content_type="application/json")
