"""Where an address leads, and whether anything may be posted there.

A portal admin names the address, and a worker inside our network posts to it. So what is not on the
public internet is refused: with a private address the worker would speak to our database, or to the
metadata of a cloud. A name is looked up just before it is connected to, and the connection goes to
the very address that was looked at, so that a second answer of the name server changes nothing.
"""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

_PORTS = {"https": 443, "http": 80}


class NotAllowed(Exception):
    """Why nothing is posted there, as a sentence for people."""


class NotFound(Exception):
    """The name leads nowhere at the moment."""


@dataclass(frozen=True)
class Target:
    """An address taken apart."""

    is_https: bool
    host: str
    port: int
    path: str


def parse(url: str) -> Target:
    """Return an address taken apart.

    :raises NotAllowed: it is none to post to, whatever its name leads to.
    """
    if not url.isascii() or not url.isprintable() or " " in url:
        raise NotAllowed("Enter an address of plain letters, such as https://example.com/hooks.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotAllowed("Enter an address such as https://example.com/hooks.") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise NotAllowed("Enter an address such as https://example.com/hooks.")
    if parts.scheme != "https" and not settings.WEBHOOK_LOCAL_TARGETS:
        raise NotAllowed("The address must begin with https://.")
    if "@" in parts.netloc or parts.fragment:
        raise NotAllowed("The address may hold no user name, password or #.")
    _refuse_literal(parts.hostname)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme == "https", parts.hostname, port or _PORTS[parts.scheme], path)


def address_of(target: Target) -> str:
    """Look a name up and return the address to connect to.

    :raises NotAllowed: any of its addresses is not on the public internet.
    :raises NotFound: it has none.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotFound from None
    addresses = [str(entry[4][0]) for entry in found]
    if not settings.WEBHOOK_LOCAL_TARGETS and not all(map(is_public, addresses)):
        raise NotAllowed("The address leads to a private or local network; nothing was sent.")
    return addresses[0]


def is_public(address: str) -> bool:
    """Return whether an IP address is one of the public internet."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return is_public(str(ip.ipv4_mapped))
        # These carry an IPv4 address inside, or are reserved with those that do.
        if ip.sixtofour is not None or ip.is_site_local or ip.is_reserved:
            return False
    return ip.is_global and not ip.is_multicast


def _refuse_literal(host: str) -> None:
    """Refuse at once what needs no look-up to be known for local."""
    if settings.WEBHOOK_LOCAL_TARGETS:
        return
    try:
        is_local = not is_public(host)
    except ValueError:
        is_local = host == "localhost" or host.endswith(".localhost")
    if is_local:
        raise NotAllowed("The address is that of a private or local network.")
