"""Doing once what is asked for twice: a program that lost an answer may send its request again.

The header `Idempotency-Key` names the act. Its row is written in the transaction of the act, so
either both stand or neither, whatever is killed. A second request with the key waits for the
first one's commit and is given its answer. Refusals are not kept: what was in the way may be gone.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from lrm.models import ApiAnswer, User
from lrm.rest import problems

HEADER = "Idempotency-Key"
KEEP = timedelta(days=2)
_MOST_CHARACTERS = 255


def once(request: Request, act: Callable[[], Response], *, by: User, now: datetime) -> Response:
    """Return the answer of an act, or the one that was given to the same request before.

    :raises KeyUsed: the key came with another request.
    :raises ValidationError: the key is longer than any needs to be.
    """
    key = request.headers.get(HEADER, "")
    if not key:
        return act()
    if len(key) > _MOST_CHARACTERS:
        raise exceptions.ValidationError({HEADER: ["It has at most 255 characters."]})
    with transaction.atomic():
        row, is_new = ApiAnswer.objects.get_or_create(
            user=by,
            key_hash=_hash(key),
            defaults={"request_hash": _hash_of_request(request), "at": now},
        )
        if not is_new:
            return _again(row, request)
        response = act()
        row.status = response.status_code
        # As it goes over the line: the answer that is kept is the one that was given.
        row.body = json.loads(json.dumps(response.data, cls=JSONEncoder))
        row.save(update_fields=["status", "body"])
    return response


def forget_old(*, now: datetime) -> int:
    """Delete the answers that nobody asks for again; return how many."""
    return ApiAnswer.objects.filter(at__lt=now - KEEP).delete()[0]


def _again(row: ApiAnswer, request: Request) -> Response:
    if row.request_hash != _hash_of_request(request):
        raise problems.KeyUsed
    return Response(row.body, status=row.status, headers={"Idempotent-Replayed": "true"})


def _hash_of_request(request: Request) -> str:
    # No act takes a file, so one that comes with a form may hold anything, and says nothing.
    fields = request.POST if request.FILES else request.data
    said = json.dumps(fields, sort_keys=True, cls=JSONEncoder)
    return _hash(f"{request.method} {request.path} {said}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
