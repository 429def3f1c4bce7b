"""Names of parameters, headers, fields and form inputs that hold a secret. Pure: standard library only."""

from __future__ import annotations

import re
from functools import lru_cache

_WORDS = (
    r"token|secret|passw(?:or)?d|passphrase|cookie|session|jsessionid|csrf|xsrf|nonce|ticket|saml\w*|relaystate"
    r"|assertion|signature|verifier|challenge|api[-_]?key|private[-_]?key|authorization|credential"
)
# ``code`` and ``state`` are common words: they are secrets only as whole names.
_WHOLE = r"(?:(?:auth|oauth|user|device|access|login)_?)?code|state|sid|sig|pwd|otp|wresult"
_SECRET = re.compile(rf"(?:.*(?:{_WORDS}).*|{_WHOLE})\Z", re.I | re.S)
# Metadata fields such as token_type and token_endpoint contain a secret word but hold no secret.
_HARMLESS = re.compile(r"(?:token_type|\w*_(?:endpoint|method|methods_supported|supported|expires_in))\Z", re.I)


@lru_cache(maxsize=1024)  # the same names occur in every check
def is_secret_name(name: str) -> bool:
    return bool(_SECRET.match(name)) and not _HARMLESS.match(name)
