"""Count the key derivation rounds that a password-protected key file demands, before any are computed. Pure.

A file names the number of rounds itself, and a small file can demand hours of CPU time. The numbers are in clear: the
walk reads DER, and BER as browsers export it (X.690), without decrypting. Sources: RFC 7292 (MacData and
pkcs-12PbeParams), RFC 8018 (PBKDF2-params), RFC 9579 (PBMAC1).
"""

from __future__ import annotations

SCRYPT = bytes.fromhex("2b06010401da47040b")  # RFC 7914: it costs memory as well
MAX_DEPTH = 12
MAX_ELEMENTS = 20_000

_INTEGER, _OCTET_STRING, _SEQUENCE, _CONSTRUCTED, _INDEFINITE = 0x02, 0x04, 0x30, 0x20, -1


def demanded_rounds(der: bytes) -> int:
    """Return the sum of all iteration counts in a PKCS #12 file or an encrypted PKCS #8 key; 0 without any.

    Raises ValueError for data that is not BER, and for scrypt.
    """
    if SCRYPT in der:
        raise ValueError("scrypt")
    return _Walk().rounds(der)


def is_pkcs12(data: bytes) -> bool:
    """Whether the data is a sequence that starts with version 3, as every PFX does."""
    try:
        tag, _length, start = _header(data, 0)
        return tag == _SEQUENCE and data[start : start + 3] == b"\x02\x01\x03"
    except ValueError:
        return False


class _Walk:
    """Visits all elements in order, stepping into constructed ones, so that an indefinite length needs no search."""

    def __init__(self) -> None:
        self.elements = 0

    def rounds(self, data: bytes, depth: int = 0) -> int:
        total, previous, at = 0, 0, 0
        while at < len(data):
            self.elements += 1
            if depth > MAX_DEPTH or self.elements > MAX_ELEMENTS:
                raise ValueError("too many elements")
            tag, length, start = _header(data, at)
            if tag == _OCTET_STRING | _CONSTRUCTED:
                content, at = _joined(data, start, length)
                tag = _OCTET_STRING
            elif tag & _CONSTRUCTED or tag == 0:  # 0 ends an indefinite length
                previous, at = 0, start
                continue
            else:
                content, at = data[start : start + length], start + length
            if tag == _INTEGER and previous == _OCTET_STRING:  # a salt, then the number of rounds
                total += int.from_bytes(content, "big")
            if tag == _OCTET_STRING and content[:1] == bytes([_SEQUENCE]):
                total += self._nested(content, depth)
            previous = tag
        return total

    def _nested(self, content: bytes, depth: int) -> int:
        """Return the rounds in an octet string that starts like a sequence; encrypted bytes may do so by chance."""
        try:
            return self.rounds(content, depth + 1)
        except ValueError:
            if self.elements > MAX_ELEMENTS:
                raise
            return 0


def _joined(data: bytes, start: int, length: int) -> tuple[bytes, int]:
    """Return the content of an octet string in segments, and the offset after it."""
    parts, at, end = [], start, len(data) if length == _INDEFINITE else start + length
    while at < end:
        tag, size, begin = _header(data, at)
        at = begin + max(size, 0)
        if tag == 0:
            break
        if tag != _OCTET_STRING or size == _INDEFINITE:
            raise ValueError("segments")
        parts.append(data[begin:at])
    return b"".join(parts), at


def _header(data: bytes, at: int) -> tuple[int, int, int]:
    """Return tag, length and offset of the content of the element at an offset. Raises ValueError if cut off."""
    if at + 2 > len(data):
        raise ValueError("cut off")
    tag, first, start = data[at], data[at + 1], at + 2
    if first == 0x80:
        return tag, _INDEFINITE if tag & _CONSTRUCTED else 0, start
    size = first & 0x7F if first & 0x80 else 0
    if size > 4:
        raise ValueError("length")
    length = int.from_bytes(data[start : start + size], "big") if size else first
    if start + size + length > len(data):
        raise ValueError("cut off")
    return tag, length, start + size
