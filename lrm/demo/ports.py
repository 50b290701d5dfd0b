"""Choosing ports of this machine."""

import socket


def is_free(port: int) -> bool:
    """Return whether nothing listens on the port of localhost, in either IP version."""
    return not any(
        _listens(family, host, port)
        for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
    )


def free_port() -> int:
    """Return a port that nobody uses, and that the system gives nobody else.

    It stays bound until this process ends: a server may start seconds later. A server that sets
    SO_REUSEADDR, as all of ours do, can bind it beside that, because nobody listens there.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    probe.detach()
    return port


def preferred(port: int) -> int:
    """Return the port where it is free, else another."""
    return port if is_free(port) else free_port()


def _listens(family: socket.AddressFamily, host: str, port: int) -> bool:
    try:
        with socket.socket(family) as probe:
            probe.settimeout(0.5)
            return probe.connect_ex((host, port)) == 0
    except OSError:  # No IPv6 here.
        return False
