"""Answers that are none, as problem documents (RFC 9457): what it is, why, and what helps.

`type` leads to the page that explains it. `errors` says per field what was wrong with what came.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """A kind of problem: its name in `type`, its title, and what it means."""

    name: str
    title: str
    meaning: str


KINDS: dict[int, Kind] = {
    400: Kind(
        "bad-request",
        "The request cannot be understood",
        "A filter, a cursor or a field of the body is wrong; `errors` names each.",
    ),
    401: Kind(
        "not-signed-in",
        "Nobody is signed in",
        "Send a token as `Authorization: Bearer …`. A token that has ended or expired opens "
        "nothing.",
    ),
    403: Kind(
        "not-allowed",
        "Not allowed",
        "The person behind the token may not do this, or the token only reads.",
    ),
    404: Kind(
        "not-found",
        "Not found",
        "There is no such thing in this portal; what belongs to others is not told apart.",
    ),
    405: Kind("method-not-allowed", "Not possible here", "The address does not take this method."),
    409: Kind(
        "conflict",
        "Not possible as things stand",
        "What stands in the way is in `detail`: such as that Xero is not connected.",
    ),
    413: Kind("too-large", "Too large", "The body is longer than anything that is asked for."),
    415: Kind("not-json", "Not JSON", "Send `Content-Type: application/json`."),
    422: Kind(
        "key-used",
        "The idempotency key was used for something else",
        "Use a new key for every new request, and the same one only to repeat a request.",
    ),
    429: Kind(
        "too-many-requests",
        "Too many requests",
        "Wait as many seconds as `Retry-After` says.",
    ),
    500: Kind("fault", "A fault of ours", "It was logged. Try again later; tell support if not."),
    503: Kind(
        "not-now",
        "Not possible now",
        "Xero could not be asked; the reason is in `detail`. Try again later.",
    ),
}
_OTHER = Kind("other", "Not possible", "The reason is in `detail`.")


class Conflict(exceptions.APIException):
    """It is not possible as things stand; the words say why."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class KeyUsed(exceptions.APIException):
    """The idempotency key came with another request before."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = "This idempotency key came with another request before. Use a new one."
    default_code = "key_used"


class Unavailable(exceptions.APIException):
    """What had to be asked does not answer; the words say why."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "unavailable"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the problem of an error, as Django REST framework asks for it; None for faults."""
    response = exception_handler(error, context)
    if response is None:
        return None
    errors = _errors_of(error)
    names_at_top = getattr(context.get("view"), "names_fields_at_top", False)
    response.data = {
        **(errors if names_at_top else {}),
        **document(response.status_code, detail=_detail_of(response.data, errors)),
        **({"errors": errors} if errors else {}),
    }
    response.content_type = CONTENT_TYPE
    return response


def document(code: int, *, detail: str = "") -> dict[str, Any]:
    """Return the members that every problem has."""
    kind = KINDS.get(code, _OTHER)
    return {
        "type": f"/api/#{kind.name}",
        "title": kind.title,
        "status": code,
        "detail": detail or kind.meaning,
    }


@csrf_exempt  # It changes nothing, and a program's token carries no other.
def not_found(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer at an address of the API that is none."""
    return JsonResponse(document(404), status=404, content_type=CONTENT_TYPE)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer after a fault: to programs as a problem, to people as a page."""
    if request.path.startswith("/api/"):
        return JsonResponse(document(500), status=500, content_type=CONTENT_TYPE)
    return defaults.server_error(request)


def _errors_of(error: Exception) -> dict[str, list[str]]:
    """Return what was wrong with which field; what belongs to none stands under "body"."""
    if not isinstance(error, exceptions.ValidationError):
        return {}
    if not isinstance(error.detail, dict):
        return {"body": _texts(error.detail)}
    renamed = {"non_field_errors": "body"}
    return {renamed.get(name, name): _texts(said) for name, said in error.detail.items()}


def _texts(said: Any) -> list[str]:
    if isinstance(said, dict):
        return [text for inner in said.values() for text in _texts(inner)]
    if isinstance(said, list):
        return [text for inner in said for text in _texts(inner)]
    return [str(said)]


def _detail_of(data: Any, errors: dict[str, list[str]]) -> str:
    if errors:
        name, texts = next(iter(errors.items()))
        return " ".join(texts) if name == "body" else f"{name}: {' '.join(texts)}"
    return str(data.get("detail", "")) if isinstance(data, dict) else ""
