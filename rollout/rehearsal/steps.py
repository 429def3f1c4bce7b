"""The steps of the walk. Each does what the app does, returns why it passed, or raises ``Halt``."""

from __future__ import annotations

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from rollout.probes.fetch import ERRORS
from rollout.probes.info_login import PATHS, host_of, read_info_login
from rollout.probes.redaction import clean
from rollout.probes.reply import Reply

from .browser import Browser
from .forms import Form, forms_of
from .site_list import SiteListProblem, client_id_in
from .transcript import StepOutcome
from .wire import Wire

Passed = tuple[str, dict[str, str]]


@dataclass(frozen=True)
class Plan:
    """What to rehearse.

    ``site_list_json`` is the very string an MDM would carry, None for a phone without MDM. ``sign_in_url`` is a
    single-use page with one button that signs the browser in, None where the site has no such thing.
    """

    site_list_json: str | None
    base_url: str
    redirect_uri: str
    scope: str = "WRITE"
    sign_in_url: str | None = field(default=None, repr=False)


class Halt(Exception):  # noqa: N818 - the end of a step, not necessarily an error
    """Ends a step with an outcome, an English message id and its values."""

    def __init__(self, outcome: StepOutcome, message: str, **values: str) -> None:
        super().__init__(message)
        self.outcome, self.message = outcome, message
        self.values = {name: clean(value, 300) for name, value in values.items()}


def failed(message: str, **values: str) -> Halt:
    return Halt(StepOutcome.FAILED, message, **values)


@dataclass
class Walk:
    """What the phone knows so far."""

    plan: Plan
    wire: Wire
    client_id: str = ""
    verifier: str = field(default="", repr=False)
    code: str = field(default="", repr=False)
    refresh_token: str = field(default="", repr=False)
    signed_in: bool = False
    consented: bool = False

    def url(self, path: str) -> str:
        return self.plan.base_url.rstrip("/") + path

    def oauth_url(self, name: str) -> str:
        return self.url(f"/rest/oauth2/latest/{name}")


async def parse_site_list(walk: Walk) -> Passed:
    if walk.plan.site_list_json is None:
        raise Halt(StepOutcome.SKIPPED, "Without MDM there is no site list: the user types the base URL.")
    try:
        walk.client_id = client_id_in(walk.plan.site_list_json, walk.plan.base_url)
    except SiteListProblem as problem:
        raise failed(problem.message, **problem.values) from problem
    return "The app reads the site list and finds the client ID %(client_id)s.", {"client_id": walk.client_id}


async def info_login(walk: Walk) -> Passed:
    reply = await walk.wire.send("GET", walk.url(PATHS[0]), accept="application/json")
    _require_answer(reply)
    facts = read_info_login(reply)
    values = {"answered": reply.answer.answered}
    if walk.client_id:
        if facts.kind == "json":
            return "The site tells the app how to sign in.", values
        raise Halt(
            StepOutcome.SKIPPED,
            "The site does not tell an anonymous app how to sign in (%(answered)s). "
            "The client ID comes from the site list, so the walk goes on without it.",
            **values,
        )
    if facts.kind != "json":
        message = "The site does not tell an anonymous app how to sign in (%(answered)s), so MDM is the way."
        raise failed(message, **values)
    if not facts.client_id:
        raise failed("info/login hands out no client ID. Is OAuth 2.0 switched on for the mobile app?")
    walk.client_id = facts.client_id
    return "The site hands the app the client ID %(client_id)s.", {"client_id": facts.client_id}


async def authorize(walk: Walk) -> Passed:
    """Authorization code with PKCE in the browser (RFC 6749 §4.1, RFC 7636 §4, RFC 8252, RFC 9207)."""
    walk.verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    walk.wire.learn(walk.verifier, state)
    browser = Browser(walk.wire)
    url = f"{walk.oauth_url('authorize')}?{urlencode(_authorization(walk, state))}"
    page = await browser.open(url)
    if _consent_form(page) is None and _is_login(page) and walk.plan.sign_in_url:
        await _sign_in(walk, browser)
        page = await browser.open(url)
    consent = _consent_form(page)
    if consent is not None:
        page = await browser.submit(page, consent, consent.button("allow"))
        walk.consented = True
    walk.code = _code(walk, _callback(walk, page), state)
    walk.wire.learn(walk.code)
    return "The browser came back to the app with a code, the right state and the right issuer.", {}


async def exchange(walk: Walk) -> Passed:
    form = {
        "grant_type": "authorization_code",
        "code": walk.code,
        "client_id": walk.client_id,
        "redirect_uri": walk.plan.redirect_uri,
        "code_verifier": walk.verifier,
    }
    tokens = _tokens(walk, await walk.wire.post_json(walk.oauth_url("token"), form))
    values = {"expires_in": str(tokens["expires_in"])}
    return "The code was exchanged for an access token (%(expires_in)s s) and a refresh token.", values


async def refresh(walk: Walk) -> Passed:
    old = walk.refresh_token
    _tokens(walk, await walk.wire.post_json(walk.oauth_url("token"), _refreshing(walk)))
    if walk.refresh_token == old:
        raise failed("The refresh token was not replaced, so a stolen one would stay good (RFC 9700 section 4.14).")
    return "The refresh gave a new access token and replaced the refresh token.", {}


async def old_refresh_token(walk: Walk) -> Passed:
    raise Halt(
        StepOutcome.SKIPPED,
        "The replaced refresh token is not tried: a provider that guards against theft would end the sign-in.",
    )


async def revoke(walk: Walk) -> Passed:
    form = {"token": walk.refresh_token, "token_type_hint": "refresh_token", "client_id": walk.client_id}
    reply = await walk.wire.post_json(walk.oauth_url("revoke"), form)
    _require_answer(reply)
    if reply.status != 200:
        raise failed("Signing out failed (%(answered)s).", answered=_oauth_error(reply))
    return "Signing out revoked the refresh token.", {}


async def refresh_after_revoke(walk: Walk) -> Passed:
    reply = await walk.wire.post_json(walk.oauth_url("token"), _refreshing(walk))
    _require_answer(reply)
    data = _object(reply)
    if reply.status in (400, 401) and isinstance(data.get("error"), str):
        return "After signing out the refresh token is refused (%(error)s).", {"error": clean(data["error"], 60)}
    walk.wire.learn(*(value for value in data.values() if isinstance(value, str)))
    raise failed("After signing out the refresh token was not refused (%(answered)s).", answered=_oauth_error(reply))


def _authorization(walk: Walk, state: str) -> dict[str, str]:
    digest = hashlib.sha256(walk.verifier.encode()).digest()
    return {
        "response_type": "code",
        "client_id": walk.client_id,
        "redirect_uri": walk.plan.redirect_uri,
        "scope": walk.plan.scope,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }


async def _sign_in(walk: Walk, browser: Browser) -> None:
    """Presses the one button of the sign-in page. The page's own path tells its form from a frame's (theme, search)."""
    sign_in_url = walk.plan.sign_in_url or ""
    path = urlsplit(sign_in_url).path
    walk.wire.learn(path, path.strip("/").rpartition("/")[2], sign_in_url)
    page = await browser.open(sign_in_url)
    _require_answer(page)
    posts = [form for form in forms_of(page.text()) if form.method == "post" and form.buttons]
    own = [form for form in posts if not form.action or urlsplit(form.action).path in (path, urlsplit(page.url).path)]
    for form in own or posts:
        walk.wire.learn(*(value for name, value in form.fields))
        await browser.submit(page, form, form.buttons[0])
        walk.signed_in = True
        return
    raise failed("The sign-in page of the rehearsal has no button: the link was used or has expired.")


def _callback(walk: Walk, page: Reply) -> dict[str, list[str]]:
    """The parameters the app is called back with; ``Halt`` when the browser ended anywhere else."""
    _require_answer(page)
    location = page.location or ""
    if location.partition("?")[0] == walk.plan.redirect_uri:
        return parse_qs(urlsplit(location).query, keep_blank_values=True, max_num_fields=50)
    if location:
        host = host_of(location) or clean(location.partition(":")[0], 40)
        if not walk.consented and location.lower().startswith(("http:", "https:")):
            message = (
                "The site sent the browser to %(host)s to sign in. A rehearsal does not go there: try a real phone."
            )
            raise Halt(StepOutcome.STOPPED, message, host=host)
        raise failed("The browser was sent to an address that is not the app's (%(host)s).", host=host)
    if page.status != 200:
        raise failed("The authorization endpoint refused (%(answered)s).", answered=page.answer.answered)
    if walk.signed_in:
        raise failed("The browser signed in, but the site did not ask for consent.")
    if not _is_login(page):
        raise failed("The site showed a page that is neither a login nor a consent page.")
    raise Halt(
        StepOutcome.STOPPED,
        "The site answered with its login page. An anonymous client gets no further: sign in on one real phone.",
    )


def _code(walk: Walk, answer: dict[str, list[str]], state: str) -> str:
    """The code, after what RFC 6749 §4.1.2 and RFC 9207 §2.4 make a client check."""
    if any(len(values) > 1 for values in answer.values()):
        raise failed("The answer to the app holds a parameter twice.")
    given = {name: values[0] for name, values in answer.items()}
    walk.wire.learn(given.get("code", ""))
    if given.get("state") != state:
        raise failed("The answer to the app does not carry the state that was sent: the app must refuse it.")
    if "iss" in given and given["iss"].rstrip("/") != walk.plan.base_url.rstrip("/"):
        raise failed("The answer to the app comes from another issuer (%(issuer)s).", issuer=given["iss"])
    if "error" in given:
        raise failed("The site answered the app with the error %(error)s.", error=given["error"] or "?")
    if not given.get("code"):
        raise failed("The answer to the app carries no code.")
    return given["code"]


def _refreshing(walk: Walk) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": walk.refresh_token, "client_id": walk.client_id}


def _tokens(walk: Walk, reply: Reply) -> dict[str, Any]:
    """The token answer, checked as RFC 6749 §5.1 says; the refresh token is kept on the walk."""
    _require_answer(reply)
    data = _object(reply)
    found = {name: data[name] for name in ("access_token", "refresh_token") if isinstance(data.get(name), str)}
    walk.wire.learn(*found.values())
    walk.refresh_token = found.get("refresh_token") or walk.refresh_token
    if reply.status != 200:
        raise failed(_TOKEN_REFUSALS.get(str(data.get("error")), _TOKEN_REFUSED), answered=_oauth_error(reply))
    if not data:
        raise failed("The token endpoint did not answer with JSON (%(answered)s).", answered=reply.answer.answered)
    lifetime = data.get("expires_in")
    if not all(found.get(name) for name in ("access_token", "refresh_token")):
        raise failed("The token answer lacks an access token or a refresh token.")
    if str(data.get("token_type")).lower() != "bearer":
        raise failed("The token answer has the token type %(kind)s, not bearer.", kind=str(data.get("token_type")))
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or lifetime <= 0:
        raise failed("The token answer does not say how long the access token lives.")
    if isinstance(data.get("scope"), str) and walk.plan.scope not in data["scope"].split():
        raise failed("The site granted the scope %(scope)s.", scope=data["scope"])
    return data


_TOKEN_REFUSED = "The token endpoint refused (%(answered)s)."  # noqa: S105 - a sentence
_TOKEN_REFUSALS = {
    "invalid_client": (
        "The token endpoint does not accept the client (%(answered)s). The client ID is wrong, or the OAuth plugin "
        "is too old and wants a secret."
    ),
    "invalid_grant": "The token endpoint does not accept what it issued (%(answered)s).",
}


def _object(reply: Reply) -> dict[str, Any]:
    """The JSON object of an answer; empty for anything else."""
    try:
        data = reply.json()
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _oauth_error(reply: Reply) -> str:
    error = _object(reply).get("error")
    return f"{reply.status} {clean(error, 60)}" if isinstance(error, str) else reply.answer.answered


def _require_answer(reply: Reply) -> None:
    if reply.error is not None:
        raise failed(ERRORS[reply.error])


def _consent_form(page: Reply) -> Form | None:
    if page.status != 200:
        return None
    return next((form for form in forms_of(page.text()) if form.method == "post" and form.button("allow")), None)


def _is_login(page: Reply) -> bool:
    """A page with a form, or a redirect to where one signs in: not an error, not the way back to the app."""
    if page.location is not None:
        return page.location.lower().startswith(("http:", "https:"))
    return page.status in (200, 401) and bool(forms_of(page.text()))
