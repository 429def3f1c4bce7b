"""Which ports of this machine are in use. Granian would share a port with another server: half of the requests each."""

from __future__ import annotations

import contextlib
import errno
import os
import socket  # noqa: TID251  (only checks local ports)


def port_is_free(port: int) -> bool:
    """Whether a server can listen on this port now, and no other one would get the requests to ``localhost``."""
    return can_bind("127.0.0.1", port) and can_bind("::1", port)


def can_bind(address: str, port: int) -> bool:
    """Whether a server can listen on this address and port now."""
    try:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return error.errno in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)  # a machine without IPv6
    return True


def reserve_port(address: str, port: int) -> socket.socket:
    """Reserve a port for a server that listens later, until the socket is closed. Raises OSError if it is taken.

    The reservation is a name of Linux that ends with the process; two starts at once both find the port free.
    """
    if not can_bind(address, port):
        raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
    reservation = socket.socket(socket.AF_UNIX)
    try:
        reservation.bind(f"\0gatepass-{address}:{port}")
    except OSError:
        reservation.close()
        raise
    return reservation


def port_answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server listens on this port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False
