"""Ports that are chosen seconds before a server takes them."""

import socket

import pytest

from lrm.demo import ports


def test_free_port_is_kept_for_the_server_that_it_is_meant_for() -> None:
    port = ports.free_port()

    with socket.socket() as anybody, pytest.raises(OSError, match="in use"):
        anybody.bind(("127.0.0.1", port))
    assert ports.is_free(port)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("127.0.0.1", port))
        server.listen()
        assert not ports.is_free(port)
