"""The address of the client whose request is being handled: set by the web, read by the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ADDRESS: ContextVar[str] = ContextVar("client address", default="")


def client_address() -> str:
    """Return the IP address, empty in a worker and in a command."""
    return _ADDRESS.get()


@contextmanager
def request_from(address: str) -> Iterator[None]:
    """Handle a request of this address in the block."""
    token = _ADDRESS.set(address)
    try:
        yield
    finally:
        _ADDRESS.reset(token)
