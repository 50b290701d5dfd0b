"""What the API takes as a body: JSON, small, and nested no deeper than anything it asks for."""

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from rest_framework import exceptions, parsers, status

# The longest request that there is has some hundred bytes.
MOST_BYTES = 64 * 2**10


class TooLarge(exceptions.APIException):
    """The body is longer than anything that is taken."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "This is more than the API takes in one request."
    default_code = "too_large"


class SmallJsonParser(parsers.JSONParser):
    """Reads JSON; what cannot be read is the sender's fault, however it is built."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return what the body says.

        :raises ParseError: it is no JSON, or nested so deep that nobody can mean it.
        :raises TooLarge: it is longer than anything that is taken.
        """
        try:
            return super().parse(BytesIO(_whole(stream)), media_type, parser_context)
        except RecursionError:
            raise exceptions.ParseError("This JSON is nested too deep.") from None


def _whole(stream: IO[Any]) -> bytes:
    body: bytes = stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise TooLarge
    return body
