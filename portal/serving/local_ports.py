"""Which ports of this machine are in use."""

from __future__ import annotations

import contextlib
import errno
import socket  # noqa: TID251  (only checks local ports)


def port_is_free(port: int) -> bool:
    """Whether a server can listen on this port now, and no other one would get the requests to ``localhost``."""
    return can_bind("127.0.0.1", port) and can_bind("::1", port)


def can_bind(address: str, port: int) -> bool:
    """Whether a server can listen on this address and port now. Granian would share a port with another server."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)  # a machine without IPv6
    return True


def port_answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server listens on this port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False
