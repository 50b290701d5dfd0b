"""The accounting API's own refusals, byte for byte where recordings or examples exist."""

from typing import Any

from aiohttp import web

from xero_simulator.accounting_api import limits, xero_json

VALIDATION_MESSAGE = "A validation exception occurred"


def query_parse(number: int, kind: str, message: str, is_bare: bool = False) -> web.Response:
    """Return the 400 of a query or a body that is refused: as JSON, or its sentence alone."""
    if is_bare:
        return web.Response(status=400, text=message, content_type="text/html")
    return _json({"ErrorNumber": number, "Type": kind, "Message": message})


def validation_elements(elements: list[dict[str, Any]]) -> web.Response:
    """Return the 400 that echoes each refused element with its ValidationErrors."""
    return _json(
        {
            "ErrorNumber": 10,
            "Type": "ValidationException",
            "Message": VALIDATION_MESSAGE,
            "Elements": elements,
        }
    )


def validation(message: str) -> web.Response:
    """Return a 400 that is about the request as a whole."""
    return validation_elements([{"ValidationErrors": [{"Message": message}]}])


def limited(problem: limits.Problem, headers: dict[str, str]) -> web.Response:
    """Return the recorded 429: no body, no content type."""
    answer = web.Response(status=429, headers={**headers, "X-Rate-Limit-Problem": problem.name})
    if problem.retry_after is not None:
        answer.headers["Retry-After"] = str(problem.retry_after)
    return answer


def not_implemented() -> web.Response:
    """Return the 501 for a method that a resource does not have here."""
    return web.Response(status=501, text="The method is not implemented")


def _json(value: dict[str, Any]) -> web.Response:
    return web.Response(
        status=400, body=xero_json.document(value), headers={"Content-Type": xero_json.JSON}
    )
