"""The steps of the test. Each does what the app does and returns why it passed, or raises ``Halt``."""

from __future__ import annotations

from typing import Any

from rollout.http_client.redaction import clean
from rollout.http_client.reply import Reply
from rollout.message_ids import gettext_noop as _
from rollout.probes.info_login import PATHS, read_info_login

from .site_list import SiteListProblem, client_id_in
from .transcript import StepOutcome
from .walk import Halt, Passed, Walk, failed, require_answer


async def parse_site_list(walk: Walk) -> Passed:
    if walk.plan.site_list_json is None:
        raise Halt(StepOutcome.SKIPPED, _("The Non-MDM setup has no site list: people enter the base URL."))
    try:
        walk.client_id = client_id_in(walk.plan.site_list_json, walk.plan.base_url)
    except SiteListProblem as problem:
        raise failed(problem.message, **problem.values) from problem
    return _("The app reads the site list and finds the client ID %(client_id)s."), {"client_id": walk.client_id}


async def info_login(walk: Walk) -> Passed:
    reply = await walk.wire.send("GET", walk.url(PATHS[0]), accept="application/json")
    require_answer(reply)
    facts = read_info_login(reply)
    values = {"answered": reply.answer.answered}
    if walk.client_id:
        if facts.kind == "json":
            return _("The site responds to info/login without sign-in."), values
        raise Halt(
            StepOutcome.SKIPPED,
            _(
                "The site does not respond to info/login without sign-in (%(answered)s). The client ID comes from the"
                " site list, so the test continues."
            ),
            **values,
        )
    if facts.kind != "json":
        message = _("The site does not respond to info/login without sign-in (%(answered)s). Use the MDM setup.")
        raise failed(message, **values)
    if not facts.client_id:
        raise failed(_("info/login returns no client ID. Check that OAuth 2.0 is turned on for the mobile app."))
    walk.client_id = facts.client_id
    return _("The site returns the client ID %(client_id)s to the app."), {"client_id": facts.client_id}


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
    return _("The code was exchanged for an access token (valid for %(expires_in)s s) and a refresh token."), values


async def refresh(walk: Walk) -> Passed:
    old = walk.refresh_token
    _tokens(walk, await walk.wire.post_json(walk.oauth_url("token"), _refreshing(walk)))
    if walk.refresh_token == old:
        raise failed(
            _("The refresh token was not replaced, so a stolen one would remain valid (RFC 9700 section 4.14).")
        )
    return _("The refresh returned a new access token and a new refresh token."), {}


async def old_refresh_token(walk: Walk) -> Passed:
    raise Halt(
        StepOutcome.SKIPPED,
        _("The replaced refresh token is not tested: a provider with theft protection would end the sign-in."),
    )


async def revoke(walk: Walk) -> Passed:
    form = {"token": walk.refresh_token, "token_type_hint": "refresh_token", "client_id": walk.client_id}
    reply = await walk.wire.post_json(walk.oauth_url("revoke"), form)
    require_answer(reply)
    if reply.status != 200:
        raise failed(_("Sign-out failed (%(answered)s)."), answered=_oauth_error(reply))
    return _("Sign-out revoked the refresh token."), {}


async def refresh_after_revoke(walk: Walk) -> Passed:
    reply = await walk.wire.post_json(walk.oauth_url("token"), _refreshing(walk))
    require_answer(reply)
    data = _object(reply)
    if reply.status in (400, 401) and isinstance(data.get("error"), str):
        return _("After sign-out the refresh token is rejected (%(error)s)."), {"error": clean(data["error"], 60)}
    walk.wire.learn(*(value for value in data.values() if isinstance(value, str)))
    raise failed(_("After sign-out the refresh token was not rejected (%(answered)s)."), answered=_oauth_error(reply))


def _refreshing(walk: Walk) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": walk.refresh_token, "client_id": walk.client_id}


def _tokens(walk: Walk, reply: Reply) -> dict[str, Any]:
    """Check the token response according to RFC 6749 §5.1 and store the refresh token on the walk."""
    require_answer(reply)
    data = _object(reply)
    found = {name: data[name] for name in ("access_token", "refresh_token") if isinstance(data.get(name), str)}
    walk.wire.learn(*found.values())
    walk.refresh_token = found.get("refresh_token") or walk.refresh_token
    if reply.status != 200:
        raise failed(_TOKEN_REFUSALS.get(str(data.get("error")), _TOKEN_REFUSED), answered=_oauth_error(reply))
    if not data:
        raise failed(_("The token endpoint did not return JSON (%(answered)s)."), answered=reply.answer.answered)
    lifetime = data.get("expires_in")
    if not all(found.get(name) for name in ("access_token", "refresh_token")):
        raise failed(_("The token response contains no access token or no refresh token."))
    if str(data.get("token_type")).lower() != "bearer":
        raise failed(
            _("The token response has the token type %(kind)s instead of bearer."), kind=str(data.get("token_type"))
        )
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or lifetime <= 0:
        raise failed(_("The token response contains no lifetime of the access token."))
    if isinstance(data.get("scope"), str) and walk.plan.scope not in data["scope"].split():
        raise failed(_("The site granted the scope %(scope)s."), scope=data["scope"])
    return data


_TOKEN_REFUSED = _("The token endpoint returned an error (%(answered)s).")
_TOKEN_REFUSALS = {
    "invalid_client": _(
        "The token endpoint rejects the client (%(answered)s). The client ID is wrong, or the OAuth plugin is"
        " too old and requires a secret."
    ),
    "invalid_grant": _("The token endpoint rejects a token that it issued (%(answered)s)."),
}


def _object(reply: Reply) -> dict[str, Any]:
    """Return the JSON object of a response; empty for anything else."""
    try:
        data = reply.json()
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _oauth_error(reply: Reply) -> str:
    error = _object(reply).get("error")
    return f"{reply.status} {clean(error, 60)}" if isinstance(error, str) else reply.answer.answered
