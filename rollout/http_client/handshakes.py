"""What a TLS handshake shows: the server's certificates, the name of an alert, a request for a client certificate."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rollout.compatibility.observation import Certificate
from rollout.formats.certificates import read_certificate

from .byte_stream import ByteStream, ConnectionLostError

MAX_CHAIN = 10
_DER = 2  # _ssl.ENCODING_DER
# OpenSSL's text of an alert: "sslv3 alert handshake failure", "tlsv13 alert certificate required".
_REASON = re.compile(r"(?:\[ssl[^\]]*\] )?(?:(?:sslv3|tlsv13?) )?(?:alert )?(.{1,80}?)(?: \(_ssl\.c:\d+\))?")


@dataclass
class Handshake:
    """What a handshake without a request showed. ``chain`` is what the server sent, its own certificate first;
    ``wants_certificate``, whether it asked for a client certificate; ``alert``, the name of its alert;
    ``is_refused``, whether it ended the connection before any request.
    """

    chain: tuple[Certificate, ...] = ()
    wants_certificate: bool = False
    alert: str = ""
    is_refused: bool = False


async def inspect_handshake(stream: ByteStream, context: ssl.SSLContext, host: str, *, seconds: float) -> Handshake:
    """Shake hands over a new connection, send no request, and return what the server showed within this time.

    A TLS 1.3 server refuses a client only after the client's handshake, so one that asked for a client certificate is
    waited for. ``context`` must be for this call alone, because its messages are watched.
    """
    seen = Handshake()
    if hasattr(context, "_msg_callback"):  # private, but the only way to see the request for a certificate
        context._msg_callback = lambda *message: _note(seen, message)
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(received, to_send, server_hostname=host.rstrip("."))
    try:
        async with asyncio.timeout(seconds):
            await _run(stream, tls.do_handshake, received, to_send)
            if seen.wants_certificate:
                await _run(stream, lambda: tls.read(1), received, to_send)
    except TimeoutError:
        pass
    except ConnectionLostError:
        seen.is_refused = True
    except ssl.SSLError as error:
        seen.alert, seen.is_refused = reason_of(error), True
    seen.chain = chain_of(tls)
    return seen


async def _run(stream: ByteStream, step: Callable[[], object], received: ssl.MemoryBIO, to_send: ssl.MemoryBIO) -> None:
    """Run one step of a TLS object to its end over the stream. Raises ssl.SSLError and ConnectionLostError."""
    while True:
        try:
            step()
            return
        except ssl.SSLWantReadError:
            pass
        finally:
            if to_send.pending:
                stream.send(to_send.read())
        data = await stream.read()
        if not data:
            raise ConnectionLostError("the server closed the connection")
        received.write(data)


def _note(seen: Handshake, message: tuple[Any, ...]) -> None:
    _connection, direction, _version, _content_type, kind, _data = message
    if direction == "read" and getattr(kind, "name", "") == "CERTIFICATE_REQUEST":
        seen.wants_certificate = True


def reason_of(error: ssl.SSLError) -> str:
    """Return OpenSSL's reason in lower case, an alert by its own name: ``handshake failure``."""
    text = (error.reason or "").replace("_", " ") or str(error.args[-1] if error.args else "")
    match = _REASON.fullmatch(text.lower())
    return match[1] if match else "handshake failed"


def chain_of(ssl_object: Any) -> tuple[Certificate, ...]:
    """Return the certificates that the server sent, its own first; none if that one is unreadable. The call is public
    only from Python 3.13.
    """
    if ssl_object is None:
        return ()
    public = getattr(ssl_object, "get_unverified_chain", None)
    if public is not None:
        ders = public()
    else:
        inner: Any = getattr(ssl_object, "_sslobj", None)
        found = inner.get_unverified_chain() if inner is not None else None
        ders = [one.public_bytes(_DER) for one in found or ()]
    read = [read_certificate(der) for der in (ders or ())[:MAX_CHAIN]]
    return tuple([one for one in read if one is not None]) if read and read[0] is not None else ()
