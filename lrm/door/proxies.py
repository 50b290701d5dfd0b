"""Who asks, and whether over https: believed of the proxies that are named, and of nobody else.

Behind a proxy a connection is the proxy's, and what it tells of the browser stands in headers that
anybody could send. From an address outside `TRUSTED_PROXIES` those headers are taken away before
anything reads them.
"""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

_TOLD = (
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_FORWARDED",
)
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TrustedProxyMiddleware:
    """Takes away what a stranger says in a proxy's name, and sets the address of the browser."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.trusted = [ipaddress.ip_network(one, strict=False) for one in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request with `REMOTE_ADDR` the browser's own."""
        peer = _address_of(request.META.get("REMOTE_ADDR", ""))
        if self._trusts(peer):
            request.META["REMOTE_ADDR"] = str(self._browser(request, peer))
        else:
            for name in _TOLD:
                request.META.pop(name, None)
        return self.get_response(request)

    def _trusts(self, address: _Address | None) -> bool:
        # A socket of this host's file system has no address: who may open it is the host's matter.
        return address is None or any(address in network for network in self.trusted)

    def _browser(self, request: HttpRequest, peer: _Address | None) -> _Address | str:
        """Return the last address that no trusted proxy vouches for being another proxy's."""
        told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        found: _Address | str = peer or ""
        for word in reversed(told):
            address = _address_of(word)
            if address is None:
                break
            found = address
            if not self._trusts(address):
                break
        return found


def _address_of(text: str) -> _Address | None:
    try:
        return ipaddress.ip_address(text.strip())
    except ValueError:
        return None
