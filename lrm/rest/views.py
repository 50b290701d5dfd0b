"""The view that every address of the API is: who may, how often, and how it answers.

Answers to GET carry a weak ETag of what they say; whoever sends it back as `If-None-Match` gets a
304 as long as nothing changed. A name that no filter has is refused: a list that ignores a slip of
the pen would look complete and be something else.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase, HttpResponseNotModified
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from rest_framework import exceptions, negotiation, serializers, throttling
from rest_framework import permissions as rest_permissions
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lrm import permissions
from lrm.models import ApiToken, Portal, User
from lrm.rest import authentication, cursors, problems, request_counts
from lrm.sign_in import factor_gate


@dataclass(frozen=True)
class Rights:
    """Who may read at an address; and who may do what POST does, where that is another one."""

    read: permissions.Right
    act: permissions.Right | None = None

    def of(self, *, is_act: bool) -> permissions.Right:
        """Return who may do the one or the other."""
        return self.act if is_act and self.act is not None else self.read


class JsonAlone(negotiation.BaseContentNegotiation):
    """Answers in JSON whatever is asked for, so that a browser can be read from as well."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        """Return what reads the body."""
        return negotiation.DefaultContentNegotiation().select_parser(request, parsers)

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return JSON."""
        return renderers[0], renderers[0].media_type


class HasRight(rest_permissions.BasePermission):
    """Lets through whoever has the right that the view names for the method."""

    message = ""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether this may be done; `message` says who can, where not."""
        if not isinstance(request.user, User) or not isinstance(view, ApiView):
            return False
        right = view.rights.of(is_act=request.method not in rest_permissions.SAFE_METHODS)
        if not right(request.user):
            self.message = f"This is for {permissions.ROLES_WITH.get(right, 'others')}."
            return False
        if isinstance(request.auth, ApiToken):
            self.message = _why_not(request.auth, request)
        return not self.message


def _why_not(token: ApiToken, request: Request) -> str:
    """Return why a token may not do what its person may; empty where it may.

    What is held back of its person's sessions is held back of it.
    """
    if factor_gate.lacks_one(token.user):
        return factor_gate.WHY.format(page=reverse("second_factor"))
    if not token.may_act and request.method not in rest_permissions.SAFE_METHODS:
        return "This token only reads. Make one that may act as well."
    return ""


class _Counted(throttling.BaseThrottle):
    """Counts requests in rows."""

    seconds = 0.0

    def wait(self) -> float:
        """Return when to try again."""
        return self.seconds


class AddressThrottle(_Counted):
    """So many requests a minute of one address, whoever asks."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return whether there is room."""
        self.seconds = request_counts.seconds_to_wait(
            request_counts.OF_ADDRESS,
            hashlib.sha256(str(request.META.get("REMOTE_ADDR", "")).encode()).hexdigest(),
            now=timezone.now(),
        )
        return not self.seconds


class HolderThrottle(_Counted):
    """So many requests a minute of one token, or of one person's sessions together."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Return whether there is room."""
        is_token = isinstance(request.auth, ApiToken)
        pk = request.auth.pk if is_token else getattr(request.user, "pk", "nobody")
        self.seconds = request_counts.seconds_to_wait(
            request_counts.OF_HOLDER,
            f"{'token' if is_token else 'person'}-{pk}",
            now=timezone.now(),
        )
        return not self.seconds


class ApiView(APIView):
    """An address of the API."""

    authentication_classes = (
        authentication.TokenAuthentication,
        authentication.SessionAuthentication,
    )
    permission_classes = (HasRight,)
    throttle_classes = (HolderThrottle,)
    content_negotiation_class = JsonAlone
    rights: Rights
    # Whether a 400 names the fields beside `errors` as well, as the first release did.
    names_fields_at_top = False

    def get_exception_handler(self) -> Any:
        """Return what makes problems of errors."""
        return problems.handle

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Count the address first, before anything costs anything."""
        throttle = AddressThrottle()
        if not throttle.allow_request(request, self):
            self.throttled(request, throttle.wait())
        super().initial(request, *args, **kwargs)

    def finalize_response(  # type: ignore[override] # a 304 has nothing to render
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        """Give the answer its ETag, or answer that nothing changed."""
        answer: HttpResponseBase = super().finalize_response(request, response, *args, **kwargs)
        patch_vary_headers(answer, ["Authorization", "Cookie"])
        if request.method != "GET" or answer.status_code != 200 or not isinstance(answer, Response):
            return answer
        answer.render()
        etag = f'W/"{hashlib.blake2b(answer.content, digest_size=16).hexdigest()}"'
        answer.headers["ETag"] = etag
        if not _is_known(etag, request.META.get("HTTP_IF_NONE_MATCH", "")):
            return answer
        unchanged = HttpResponseNotModified()
        for name in ("ETag", "Vary"):
            unchanged.headers[name] = answer.headers[name]
        return unchanged

    @staticmethod
    def person(request: Request) -> User:
        """Return who asks; the permission has made sure that somebody does."""
        assert isinstance(request.user, User)  # noqa: S101 - for mypy
        return request.user

    def portal(self, request: Request) -> Portal:
        """Return the portal of who asks."""
        portal = self.person(request).portal
        if portal is None:
            raise exceptions.PermissionDenied("This user belongs to no portal.")
        return portal

    @staticmethod
    def asked(request: Request, query: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        """Return what the address asks for.

        :raises ValidationError: a value cannot be, or no filter has the name.
        """
        given = dict(request.query_params.items())
        form = query(data=given)
        unknown = {
            name: ["There is no such filter here."] for name in given if name not in form.fields
        }
        if not form.is_valid() or unknown:
            raise exceptions.ValidationError({**form.errors, **unknown})
        return dict(form.validated_data)

    @staticmethod
    def page(request: Request, page: cursors.Page, results: Any) -> Response:
        """Return the answer of a list: its items, and the address of what follows."""
        following = None
        if page.next is not None:
            address = request.query_params.copy()
            address["cursor"] = page.next
            following = request.build_absolute_uri(f"{request.path}?{address.urlencode()}")
        return Response({"results": results, "next": following})


def _is_known(etag: str, sent: str) -> bool:
    known = parse_etags(sent)
    return known == ["*"] or etag.removeprefix("W/") in {one.removeprefix("W/") for one in known}
