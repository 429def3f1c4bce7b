"""Keys of app configurations that hold a secret. Pure."""

from __future__ import annotations

import re

_SECRET = re.compile(
    r"secret|passw(?:or)?d|passphrase|credential|private[_-]?key|api[_-]?key|(?:access|refresh|bearer|auth)[_-]?token"
    r"|(?:^|[._-])token$|^pwd$|^jwt$",
    re.IGNORECASE,
)


def holds_secret(key: str) -> bool:
    return bool(_SECRET.search(key[:200]))
