"""Turns a pasted address into a base URL, and lists what was changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote

from rollout.base_url import BaseUrl, BaseUrlError, parse_base_url
from rollout.message_ids import gettext_noop as _

from .page_paths import is_sign_in, split_page
from .schemes import Scheme, split_scheme

MAX_LENGTH = 8000  # of one address: pages of single sign-on carry long queries
MAX_PAGE = 60  # of the page that is shown in a message
_MAX_SUGGESTIONS = 3  # a repaired address may need another repair

# What was changed, as the end of a sentence.
CHANGES = {
    "scheme": _("added https"),
    "sign-in": _("removed the login page"),
    "page": _("removed the page %(page)s"),
    "query": _("removed the part after the question mark"),
    "fragment": _("removed the part after the # sign"),
    "parameter": _("removed the part after the semicolon"),
}
PROBLEMS = {
    "scheme-typo": _("%(scheme)s is not how a web address starts. It starts with https://."),
    "encoded": _("The address is encoded, as within another address."),
    "no-scheme": _("The address is incomplete: enter the full host name, or start with https://."),
    "cloud": _("This is an Atlassian Cloud site. The Data Center app does not open it."),
    "sign-in-service": _(
        "This is the address of a sign-in service, not of the site. Enter the address where people read pages."
    ),
}

_AROUND = " \t\r\n\f\v\u00a0\u200b\u200e\u200f\u2060\ufeff\"'`<>()“”‘’„«»"
_PARTS = re.compile(r"([^/?#\\]*)([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_ADDRESS = re.compile(r"[A-Za-z]{2,8}:[/\\]{1,2}\S+")
_PLAIN_HTTP_PORTS = re.compile(r"(:(?:80|8080|8090))(?=[/?#]|$)")
_CLOUD = (".atlassian.net", ".atlassian-us-gov-mod.net", ".jira.com")
_SIGN_IN_PARAMETERS = frozenset({"SAMLRequest", "response_type", "wtrealm", "wa"})
_RETURN_PARAMETERS = ("redirect_uri", "RelayState", "wreply", "wtrealm")


@dataclass(frozen=True)
class Change:
    """One change: a key of ``CHANGES`` and the values of its message."""

    code: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def message(self) -> str:
        return CHANGES[self.code]


@dataclass(frozen=True)
class PastedUrl:
    """The base URL of a pasted address, and the changes that a person should know of, in the order of the address."""

    base_url: BaseUrl
    changes: tuple[Change, ...] = ()


class PastedUrlError(ValueError):
    """An address without a base URL.

    ``code`` is one of ``PROBLEMS`` or of ``base_url.REFUSALS``, ``message`` a message id with placeholders for
    ``values``. ``suggestion`` is a base URL that the person may have meant, or empty.
    """

    def __init__(
        self, code: str, message: str = "", *, values: Mapping[str, str] | None = None, suggestion: str = ""
    ) -> None:
        self.code, self.message = code, message or PROBLEMS[code]
        self.values, self.suggestion = dict(values or {}), suggestion
        super().__init__(code, self.message)


def read_pasted_url(text: str, *, allow_loopback_http: bool = False) -> PastedUrl:
    """Return the base URL of an address as a person pastes it, such as ``wiki.example.com/wiki/login.action``.

    Adds a missing ``https://``, and removes pages, queries and fragments. Reading the result again changes nothing.
    ``allow_loopback_http`` is that of ``parse_base_url``. Raises PastedUrlError, and nothing else.
    """
    return _read(text, allow_loopback_http, _MAX_SUGGESTIONS)


def _read(text: str, loopback: bool, suggestions: int) -> PastedUrl:
    trimmed = text.strip(_AROUND).rstrip(_AROUND + ".,;")
    if len(trimmed) > MAX_LENGTH:
        raise _refusal("too-long")
    if not trimmed:
        raise _refusal("empty")
    scheme = split_scheme(trimmed)
    if problem := _scheme_error(scheme):
        raise _with_suggestion(problem, _with_scheme(scheme), loopback, suggestions)
    host, path, query, fragment = _split(scheme.rest)
    if scheme.problem == "missing" and _is_single_word(host):
        repaired = _with_scheme(scheme) if host else ""
        raise _with_suggestion(PastedUrlError("no-scheme"), repaired, loopback, suggestions)
    _reject_other_services(host, path, query, loopback)
    context, page = split_page(path, has_query=bool(query))
    base, parameter, _value = context.partition(";")
    try:
        base_url = parse_base_url(f"{scheme.name}://{host}{base}", allow_loopback_http=loopback)
    except BaseUrlError as error:
        raise _with_suggestion(_refusal(error.code), _repaired(error.code, trimmed), loopback, suggestions) from None
    changes = [Change("scheme")] if scheme.problem == "missing" else []
    return PastedUrl(base_url, (*changes, *_removed(page, query, fragment, parameter)))


def _scheme_error(scheme: Scheme) -> PastedUrlError | None:
    match scheme.problem:
        case "typo":
            return PastedUrlError("scheme-typo", values={"scheme": scheme.typed[:40]})
        case "encoded":
            return PastedUrlError("encoded")
        case "other":
            return _refusal("scheme")
    return None


def _with_scheme(scheme: Scheme) -> str:
    """The address with the right scheme; for another scheme, the only address in the text."""
    match scheme.problem:
        case "encoded":
            return unquote(scheme.rest)
        case "other":
            return _only_address(scheme.rest)
    return f"https://{scheme.rest}"


def _only_address(text: str) -> str:
    """The address within other words, such as ``Wiki: https://wiki.example.com``; empty unless there is just one."""
    addresses = _ADDRESS.findall(text)
    return addresses[0] if len(addresses) == 1 and addresses[0] != text else ""


def _split(rest: str) -> tuple[str, str, str, str]:
    parts = _PARTS.fullmatch(rest)
    host, path, query, fragment = parts.groups(default="") if parts else (rest, "", "", "")
    return host, path, query, fragment


def _is_single_word(host: str) -> bool:
    """Whether a host without scheme may be a word of any kind: no dot, no port, no address in brackets."""
    return not (set(host) & set(".:[]@。．")) and host.lower() != "localhost"


def _reject_other_services(host: str, path: str, query: str, loopback: bool) -> None:
    """Raise PastedUrlError for Atlassian Cloud and for pages of sign-in services."""
    name = host.rpartition(":")[0] if re.search(r":\d*$", host) else host
    if f".{name.lower().rstrip('.')}".endswith(_CLOUD):
        raise PastedUrlError("cloud")
    parameters = parse_qs(query[1:], max_num_fields=100) if query.count("&") < 100 else {}
    if not _SIGN_IN_PARAMETERS & set(parameters) or split_page(path)[1].startswith(("/plugins/", "/rest/")):
        return
    for parameter in _RETURN_PARAMETERS:
        target = parameters.get(parameter, [""])[0]
        if target.lower().startswith("https://"):
            raise _with_suggestion(PastedUrlError("sign-in-service"), target, loopback, 1)
    raise PastedUrlError("sign-in-service")


def _repaired(code: str, text: str) -> str:
    """The address that a person probably meant, for errors that have one."""
    scheme = split_scheme(text)
    match code:
        case "http":
            return "https://" + _PLAIN_HTTP_PORTS.sub("", scheme.rest, count=1)
        case "backslash":
            return text.replace("\\", "/")
        case "path-doubled-slash":
            return f"{scheme.name}://" + re.sub("/{2,}", "/", scheme.rest)
        case "whitespace":
            return _only_address(text)
    return ""


def _with_suggestion(error: PastedUrlError, repaired: str, loopback: bool, suggestions: int) -> PastedUrlError:
    """Add the base URL of the repaired address to the error, or that of its own repair."""
    if repaired and suggestions:
        try:
            error.suggestion = str(_read(repaired, loopback, suggestions - 1).base_url)
        except PastedUrlError as other:
            error.suggestion = other.suggestion
            if other.code == "cloud":
                return other
    return error


def _removed(page: str, query: str, fragment: str, parameter: str) -> tuple[Change, ...]:
    """What was removed. The query and fragment of a removed page are not worth a word of their own."""
    if page:
        shown = page if len(page) <= MAX_PAGE else page[: MAX_PAGE - 1] + "…"
        return (Change("sign-in") if is_sign_in(page) else Change("page", {"page": shown}),)
    changes = []
    if parameter:
        changes.append(Change("parameter"))
    if query:
        changes.append(Change("query"))
    if fragment:
        changes.append(Change("fragment"))
    return tuple(changes)


def _refusal(code: str) -> PastedUrlError:
    return PastedUrlError(code, BaseUrlError(code).message)
