"""Reads settings from the environment: typed, and without surrounding white space.

``NAME_FILE`` names a file that contains the value of ``NAME``. An empty value counts as not set. A value that cannot be
read is never replaced by a guess: all such faults are collected, and ``require_valid`` raises one error with all of
them (docs/decisions/0013).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.core.exceptions import ImproperlyConfigured
from environ import Env

Value = TypeVar("Value")
ON, OFF = frozenset({"1", "true", "on", "yes"}), frozenset({"0", "false", "off", "no"})
MAX_SHOWN = 60


class Environment:
    """The variables of ``source``. Every method returns the default for a variable that is not set or is invalid."""

    def __init__(self, source: Mapping[str, str]) -> None:
        self._source = source
        self._faults: dict[str, str] = {}

    def require_valid(self) -> None:
        """Raise ImproperlyConfigured with what is wrong with each variable, and an example."""
        if self._faults:
            raise ImproperlyConfigured("\n".join(["Settings are invalid:", *self._faults.values()]))

    def refuse(self, name: str, fault: str, example: str) -> None:
        """Remember a fault: ``fault`` continues the sentence that starts with the name; ``example`` may be empty."""
        advice = f" Example: {name}={example}" if example else ""
        self._faults.setdefault(name, f"- {name} {fault}.{advice}")

    def file_of(self, name: str) -> str:
        """Return the path of the file that holds the value, "" if the variable itself does."""
        return self._source.get(f"{name}_FILE", "").strip()

    def for_child(self, **values: str) -> dict[str, str]:
        """Return all variables for a process of our own, these with other values."""
        files = {f"{name}_FILE" for name in values}
        return {name: text for name, text in self._source.items() if name not in files} | values

    def text(self, name: str, default: str = "") -> str:
        text = self._text(name)
        return default if text is None else text

    def flag(self, name: str, default: bool = False) -> bool:
        def read(text: str) -> bool:
            if text.lower() not in ON | OFF:
                raise ValueError
            return text.lower() in ON

        return self._read(name, default, read, "neither 1 nor 0", "1")

    def integer(self, name: str, default: int) -> int:
        return self._read(name, default, int, "not a whole number", str(default))

    def number(self, name: str, default: float) -> float:
        def read(text: str) -> float:
            number = float(text)
            if not abs(number) < float("inf"):
                raise ValueError
            return number

        return self._read(name, default, read, "not a number", str(default))

    def items(self, name: str, default: list[str] | None = None) -> list[str]:
        """Read values separated by commas."""
        text = self._text(name)
        return [*(default or [])] if text is None else _parts(text)

    def pairs(self, name: str, example: str) -> dict[str, str]:
        """Read ``key=value`` pairs separated by commas."""

        def read(text: str) -> dict[str, str]:
            pairs = [part.partition("=") for part in _parts(text)]
            if not all(key.strip() and value.strip() for key, _sign, value in pairs):
                raise ValueError
            return {key.strip(): value.strip() for key, _sign, value in pairs}

        return self._read(name, {}, read, "not a list of key=value pairs", example)

    def url(self, name: str, *, example: str, required: bool = False) -> str:
        """Read an absolute http or https URL, without a slash at its end."""

        def read(text: str) -> str:
            parts = urlsplit(text)
            _ = parts.port
            is_absolute = parts.scheme in {"http", "https"} and parts.hostname
            if not is_absolute or parts.username or parts.query or parts.fragment:
                raise ValueError
            return text.rstrip("/")

        if required and self._text(name) is None:
            self.refuse(name, "is not set", example)
        return self._read(name, "", read, "not an absolute http:// or https:// URL", example)

    def server(self, name: str, default: str, *, schemes: Collection[str], example: str) -> str:
        """Read the URL of a server that may contain a password."""

        def read(text: str) -> str:
            parts = urlsplit(text)
            _ = parts.port
            if parts.scheme not in schemes:
                raise ValueError
            return text

        fault = f"is not a URL with one of the schemes {', '.join(schemes)}"
        value = default if (text := self._text(name)) is None else text
        return self._convert(name, value, default, read, fault=fault, example=example) if value else ""

    def time_zone(self, name: str, default: str) -> str:
        def read(text: str) -> str:
            return ZoneInfo(text).key

        return self._read(name, default, read, "not the name of a time zone", "Europe/Berlin")

    def choice(self, name: str, default: str, values: Collection[str]) -> str:
        """Read one of these words in capital letters, in any case."""

        def read(text: str) -> str:
            if text.upper() not in values:
                raise ValueError
            return text.upper()

        return self._read(name, default, read, f"not one of {', '.join(values)}", default)

    def database(self, name: str, default: str) -> dict[str, Any]:
        """Read the URL of a database into a value for ``DATABASES``."""

        def read(text: str) -> dict[str, Any]:
            if (
                "://" not in text or text.partition(":")[0] not in Env.DB_SCHEMES
            ):  # django-environ would write the password into a warning
                raise ValueError
            return dict(Env.db_url_config(text))

        example = "postgres://user:password@host:5432/database"
        value = default if (text := self._text(name)) is None else text
        fallback = Env.db_url_config(default)
        return self._convert(name, value, fallback, read, fault="is not the URL of a database", example=example)

    def email(self, name: str, default: str) -> dict[str, Any]:
        """Read the URL of a mail server into the ``EMAIL_…`` settings."""

        def read(text: str) -> dict[str, Any]:
            if text.partition("://")[0] not in Env.EMAIL_SCHEMES:
                raise ValueError
            return dict(Env.email_url_config(text))

        example = "smtp+tls://user:password@host:587"
        value = default if (text := self._text(name)) is None else text
        fallback, fault = Env.email_url_config(default), "is not the URL of a mail server"
        return self._convert(name, value, fallback, read, fault=fault, example=example)

    def _read(self, name: str, default: Value, read: Callable[[str], Value], fault: str, example: str) -> Value:
        text = self._text(name)
        if text is None:
            return default
        shown = "" if "@" in text else f"{text[:MAX_SHOWN]!r}, which is "  # a URL may contain a password
        return self._convert(name, text, default, read, fault=f"is {shown}{fault}", example=example)

    def _convert(
        self, name: str, text: str, default: Value, read: Callable[[str], Value], *, fault: str, example: str
    ) -> Value:
        try:
            return read(text)
        except (ValueError, KeyError, OSError, ImproperlyConfigured):
            self.refuse(name, fault, example)
            return default

    def _text(self, name: str) -> str | None:
        """Return the value, None if it is not set or empty."""
        text, path = self._source.get(name, "").strip(), self._source.get(f"{name}_FILE", "").strip()
        if path and text:
            self.refuse(name, f"and {name}_FILE are both set, and only one can count", "")
        elif path:
            try:
                text = Path(path).read_text().strip()
            except (OSError, ValueError) as error:
                reason = error.strerror if isinstance(error, OSError) else "it is not text"
                self.refuse(name, f"cannot be read from the file in {name}_FILE: {reason}", "")
                return None
        return text or None


def _parts(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.replace("\n", ",").split(",")) if part]
