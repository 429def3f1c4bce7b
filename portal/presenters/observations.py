"""An observation for display: its facts as labeled rows, and each request with its response."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from rollout.compatibility.evidence import product_name
from rollout.compatibility.observation import Answer, Endpoint, Hop, InfoLogin, Observation, RestApi
from rollout.models import CheckRun, PluginSource

SERVER, APP, SIGN_IN = gettext_lazy("The site"), gettext_lazy("App's first request"), gettext_lazy("Sign-in")
CONNECTION, PLUGINS = gettext_lazy("Connection"), gettext_lazy("Plugins and links")
REQUEST_TITLES: dict[str, Promise] = {
    "manifest": gettext_lazy("Manifest"),
    "root": gettext_lazy("Root of the host"),
    "login_page": gettext_lazy("Login page"),
    "status": gettext_lazy("Server status"),
    "info_login": gettext_lazy("info/login as the app"),
    "info_login_plain": gettext_lazy("info/login as another client"),
    "info_login_old": gettext_lazy("info/login as an older app"),
    "authorize": gettext_lazy("Authorization endpoint"),
    "authorize_plain": gettext_lazy("Authorization endpoint as another client"),
    "authorize_unknown": gettext_lazy("Authorization endpoint with a made-up client ID"),
    "token": gettext_lazy("Token endpoint"),
    "rest_api": gettext_lazy("REST API with an invalid access token"),
    "metadata": gettext_lazy("Provider metadata"),
    "plain_http": gettext_lazy("Plain HTTP"),
}
KIND_LABELS: dict[str, Promise] = {
    "json": gettext_lazy("returns what the app expects"),
    "redirect": gettext_lazy("redirects to another host"),
    "login_page": gettext_lazy("shows a login page"),
    "unauthorized": gettext_lazy("requires a sign-in"),
    "other_json": gettext_lazy("JSON of another server"),
    "refused": gettext_lazy("refused"),
    "disabled": gettext_lazy("disabled"),
    "missing": gettext_lazy("not found"),
    "error": gettext_lazy("unexpected response"),
    "unreachable": gettext_lazy("no response"),
    "answers": gettext_lazy("the provider responds"),
    "intercepted": gettext_lazy("another server responds"),
    "page": gettext_lazy("the site's own"),
    "script": gettext_lazy("a script that redirects"),
    "valid": gettext_lazy("valid"),
    "plain": gettext_lazy("none (the site uses HTTP)"),
    "untrusted": gettext_lazy("from an untrusted CA"),
    "expired": gettext_lazy("expired"),
    "wrong_host": gettext_lazy("for another host"),
    "client_certificate": gettext_lazy("not checked, because the site requires a client certificate"),
    "http2_only": gettext_lazy("not checked, because the site offers HTTP/2 only"),
    "old_protocol": gettext_lazy("TLS too old for phones"),
    "redirects": gettext_lazy("redirects to HTTPS"),
    "elsewhere": gettext_lazy("redirects to another host"),
    "loop": gettext_lazy("redirects in a loop"),
    "serves": gettext_lazy("responds without TLS"),
    "closed": gettext_lazy("port closed, as recommended"),
}
ODDITY_LABELS: dict[str, Promise] = {
    "duplicate_keys": gettext_lazy("duplicate name"),
    "two_client_ids": gettext_lazy("two client IDs"),
    "not_a_number": gettext_lazy("NaN or Infinity"),
    "not_utf8": gettext_lazy("not UTF-8"),
    "byte_order_mark": gettext_lazy("byte order mark"),
}
REFUSAL_LABELS: dict[str, Promise] = {
    "client_certificate": gettext_lazy("requires a client certificate"),
    "firewall": gettext_lazy("blocked by a firewall"),
    "address_list": gettext_lazy("address not allowed"),
    "forbidden": gettext_lazy("forbidden without a reason"),
    "rate_limit": gettext_lazy("limit of requests"),
    "cookie_check": gettext_lazy("cookie test"),
    "sign_in": gettext_lazy("requires a sign-in"),
    "maintenance": gettext_lazy("maintenance page"),
    "unavailable": gettext_lazy("no server behind the proxy"),
    "moved": gettext_lazy("moved to another host"),
    "cloud": gettext_lazy("Atlassian Cloud"),
    "other_page": gettext_lazy("page of another server"),
}
TRUST_LABELS: dict[str, Promise] = {
    "system": gettext_lazy("a public CA"),
    "site": gettext_lazy("the CA entered for this site"),
}
ENABLED_LABELS: dict[Any, Promise] = {
    True: pgettext_lazy("plugin", "enabled"),
    False: pgettext_lazy("plugin", "disabled"),
}


NOT_SENT = "not_sent"


@dataclass(frozen=True)
class Fact:
    """One fact with its text and the time that belongs to it; both are empty if the fact is unknown."""

    id: str
    group: Any
    label: Any
    value: str = ""
    at: datetime | None = None

    @property
    def known(self) -> bool:
        return bool(self.value or self.at)


@dataclass(frozen=True)
class RequestRow:
    """One request and its response. ``result`` is a label; ``hops`` has one item if there were no redirects."""

    id: str
    title: Any
    result: str
    answer: Answer
    hops: tuple[Hop, ...]


@dataclass(frozen=True)
class Observed:
    """An observation as a page shows it.

    ``not_sent`` are the titles of the requests that were not sent because an earlier one failed.
    """

    facts: list[Fact]
    requests: list[RequestRow]
    certificates: tuple[Any, ...]
    not_sent: list[Any] = field(default_factory=list)

    @property
    def known(self) -> list[Fact]:
        return [fact for fact in self.facts if fact.known]


def of_run(run: CheckRun) -> Observed | None:
    """Return what a run observed; None if nothing is stored or it cannot be read anymore."""
    try:
        observation = run.facts
        return read(observation) if observation else None
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def read(observation: Observation) -> Observed:
    """Return the facts of an observation in a fixed order, and its requests."""
    facts = [
        *_server(observation),
        *_app(observation),
        *_sign_in(observation),
        *_connection(observation),
        *_plugins(observation),
    ]
    rows = list(_requests(observation))
    return Observed(
        facts=facts,
        requests=[row for row in rows if row.answer.was_sent],
        certificates=observation.tls.chain,
        not_sent=[row.title for row in rows if row.answer.error == NOT_SENT],
    )


def kind(value: object) -> str:
    """Return the label of a kind. An unknown kind, stored by a later version, is returned unchanged."""
    return str(KIND_LABELS.get(str(value), value or ""))


def _was_sent(part: Any) -> bool:
    return part is not None and part.answer.error != NOT_SENT


def _text(*parts: object) -> str:
    return ", ".join(str(part) for part in parts if part not in (None, "", ()))


def _server(seen: Observation) -> Iterator[Fact]:
    manifest, page, status = seen.manifest, seen.login_page, seen.status
    yield Fact("product", SERVER, _("Product"), product_name(manifest.product) if manifest.product else "")
    yield Fact("version", SERVER, _("Version"), _text(manifest.version))
    yield Fact("build", SERVER, _("Build number"), _text(manifest.build))
    yield Fact("name", SERVER, _("Name"), _text(manifest.name))
    yield Fact("canonical_url", SERVER, _("Reported base URL"), _text(manifest.canonical_url))
    yield Fact("manifest", SERVER, _("Manifest"), _redirects(manifest.answer))
    yield Fact("login_page", SERVER, _("Login page"), kind(page.kind) if _was_sent(page) and page else "")
    yield Fact("login_page_version", SERVER, _("Version on the login page"), _text(page.version) if page else "")
    yield Fact("login_page_url", SERVER, _("Base URL on the login page"), _text(page.base_url) if page else "")
    yield Fact("status", SERVER, _("State"), _text(status.state) if status else "")
    fingerprint = seen.fingerprint
    yield Fact("fingerprint", SERVER, _("Detected from headers"), _header(fingerprint.product, fingerprint.header))


def _header(product: str | None, header: str) -> str:
    return f"{product_name(product)} ({header})" if product else ""


def _app(seen: Observation) -> Iterator[Fact]:
    info_login = seen.info_login
    yield Fact("info_login", APP, _("Response to the app"), _info(info_login))
    yield Fact("info_login_plain", APP, _("Response to other clients"), _info(seen.info_login_plain))
    yield Fact("agents", APP, _("Difference"), _difference(info_login, seen.info_login_plain))
    yield Fact("info_login_old", APP, _("Response to older apps"), _info(seen.info_login_old))
    yield Fact("info_login_hops", APP, _("Redirects"), _redirects(info_login.answer))
    yield Fact("client_id", APP, _("Returned client ID"), _text(info_login.client_id))
    yield Fact("client_id_field", APP, _("Field name"), _text(info_login.client_id_field))
    yield Fact("fields", APP, _("Fields of the response"), _text(*info_login.fields))
    oddities = [str(ODDITY_LABELS.get(oddity, oddity)) for oddity in info_login.oddities]
    yield Fact("oddities", APP, _("Problems of the response"), _text(*oddities))


def _info(info_login: InfoLogin | None) -> str:
    if info_login is None or not _was_sent(info_login):
        return ""
    answer = info_login.answer
    status = answer.status if info_login.kind == "error" else None
    return _text(kind(info_login.kind), info_login.redirect_host, status, _refusal(info_login.kind, answer))


def _refusal(kind: str, answer: Answer) -> str:
    """Return why a request was refused and by which product; empty for a response of another kind."""
    if kind != "refused":
        return ""
    return _text(REFUSAL_LABELS.get(answer.refusal, answer.refusal), answer.refused_by)


def _difference(app: InfoLogin, plain: InfoLogin | None) -> str:
    """Return how the responses to the two User-Agents differ; empty unless both requests were sent."""
    if plain is None or not _was_sent(plain):
        return ""
    if (app.kind, app.redirect_host) == (plain.kind, plain.redirect_host):
        return _("none")
    values = {"app": _info(app), "other": _info(plain)}
    return _("the app: %(app)s; other clients: %(other)s") % values


def _sign_in(seen: Observation) -> Iterator[Fact]:
    yield Fact("authorize", SIGN_IN, REQUEST_TITLES["authorize"], _endpoint(seen.authorize))
    yield Fact("leads_to", SIGN_IN, _("Leads to"), _text(seen.authorize.leads_to))
    yield Fact("authorize_plain", SIGN_IN, REQUEST_TITLES["authorize_plain"], _endpoint(seen.authorize_plain))
    yield Fact("authorize_unknown", SIGN_IN, REQUEST_TITLES["authorize_unknown"], _endpoint(seen.authorize_unknown))
    yield Fact("token", SIGN_IN, REQUEST_TITLES["token"], _endpoint(seen.token))
    yield Fact("rest_api", SIGN_IN, REQUEST_TITLES["rest_api"], _rest_api(seen.rest_api))
    metadata = seen.metadata
    offered = metadata is not None and metadata.offered
    yield Fact(
        "metadata",
        SIGN_IN,
        REQUEST_TITLES["metadata"],
        "" if not _was_sent(metadata) else _("available") if offered else _("none"),
    )
    yield Fact("issuer", SIGN_IN, _("Issuer"), _text(metadata.issuer) if metadata else "")
    methods = metadata.code_challenge_methods if metadata else ()
    yield Fact("challenges", SIGN_IN, _("Code challenge methods"), _text(*methods))


def _endpoint(endpoint: Endpoint | None) -> str:
    if endpoint is None or not _was_sent(endpoint):
        return ""
    status = endpoint.answer.status if endpoint.kind == "error" else None
    return _text(kind(endpoint.kind), endpoint.oauth_error, status, _refusal(endpoint.kind, endpoint.answer))


def _rest_api(api: RestApi | None) -> str:
    if api is None or not _was_sent(api):
        return ""
    label = _("the product rejects the token") if api.kind == "answers" else kind(api.kind)
    return _text(label, api.answer.status, _refusal(api.kind, api.answer))


def _connection(seen: Observation) -> Iterator[Fact]:
    tls, plain = seen.tls, seen.plain_http
    yield Fact("tls", CONNECTION, _("Certificate"), kind(tls.kind))
    yield Fact("tls_detail", CONNECTION, _("Problem"), _text(tls.detail))
    yield Fact("tls_issuer", CONNECTION, _("Issued by"), _text(tls.issuer))
    yield Fact("tls_expires", CONNECTION, _("Expires"), at=tls.expires_at)
    trusted = str(TRUST_LABELS.get(tls.trust, tls.trust)) if tls.kind == "valid" else ""
    yield Fact("tls_trust", CONNECTION, _("Trusted through"), trusted)
    yield Fact("tls_protocol", CONNECTION, _("Protocol"), _text(tls.protocol))
    yield Fact("tls_chain", CONNECTION, _("Chain"), " ← ".join(certificate.subject for certificate in tls.chain))
    yield Fact("tls_fingerprint", CONNECTION, _("Fingerprint"), tls.chain[0].fingerprint if tls.chain else "")
    yield Fact("address", CONNECTION, _("Address"), _text(seen.manifest.answer.address))
    limited = seen.rate_limited
    yield Fact("rate_limited", CONNECTION, _("Limit of requests"), _text(limited.answered) if limited else "")
    presented = _("presented") if seen.client_certificate else ""
    yield Fact("client_certificate", CONNECTION, _("Client certificate"), presented)
    yield Fact("plain_http", CONNECTION, _("Plain HTTP"), kind(plain.kind) if _was_sent(plain) and plain else "")


def _plugins(seen: Observation) -> Iterator[Fact]:
    plugins, links = seen.plugins, seen.links
    source = dict(PluginSource.choices).get(plugins.source, "") if plugins.source != "none" else ""
    oauth = _text(plugins.oauth, ENABLED_LABELS.get(plugins.oauth_enabled))
    mobile = _text(plugins.mobile, ENABLED_LABELS.get(plugins.mobile_enabled))
    yield Fact("oauth_plugin", PLUGINS, _("OAuth plugin"), oauth)
    yield Fact("mobile_plugin", PLUGINS, _("Mobile plugin"), mobile)
    yield Fact("plugins_from", PLUGINS, _("Source of the versions"), str(source), plugins.as_of)
    yield Fact("mdm_link", PLUGINS, _("Client ID of the MDM link"), _text(links.mdm))
    yield Fact("non_mdm_link", PLUGINS, _("Client ID of the Non-MDM setup"), _text(links.non_mdm))


def _redirects(answer: Answer) -> str:
    """Return the response, for example ``200 application/json``, and the URLs of its redirects."""
    urls = [hop.url for hop in answer.trace] or list(answer.hops)
    if answer.error == NOT_SENT:
        return ""
    return _text(answer.answered, " → ".join(urls) if len(urls) > 1 else "")


def _requests(seen: Observation) -> Iterator[RequestRow]:
    for name, title in REQUEST_TITLES.items():
        part = getattr(seen, name)
        answer = part if isinstance(part, Answer) else getattr(part, "answer", None)
        if answer is not None:
            yield RequestRow(name, title, _result(part), answer, _hops(answer))


def _result(part: Any) -> str:
    return kind(part.kind) if hasattr(part, "kind") else ""


def _hops(answer: Answer) -> tuple[Hop, ...]:
    """Return the redirects one by one; for an older observation without a trace, the URLs and the final response."""
    if answer.trace:
        return answer.trace
    urls = answer.hops or (answer.url,)
    last = Hop(urls[-1], answer.status, answer.location, answer.elapsed_ms, answer.address)
    return (*(Hop(url) for url in urls[:-1]), last)


@dataclass(frozen=True)
class ComparedFact:
    """One fact in two observations; None for an observation that does not contain it."""

    group: Any
    label: Any
    was: Fact | None
    now: Fact | None

    @property
    def differs(self) -> bool:
        return _value(self.was) != _value(self.now)


def _value(fact: Fact | None) -> tuple[str, datetime | None]:
    return (fact.value, fact.at) if fact else ("", None)


def compare(was: Iterable[Fact], now: Iterable[Fact]) -> list[ComparedFact]:
    """Return each fact that is known in at least one observation, in the order of the newer one."""
    before, after = {fact.id: fact for fact in was}, {fact.id: fact for fact in now}
    rows = []
    for id in dict.fromkeys([*after, *before]):
        old, new = before.get(id), after.get(id)
        labeled = new or old
        if labeled and ((old and old.known) or (new and new.known)):
            rows.append(ComparedFact(labeled.group, labeled.label, old, new))
    return rows
