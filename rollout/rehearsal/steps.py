"""The steps of a sign-in test. Each returns the message of a passed step, or raises ``Halt``."""

from __future__ import annotations

from typing import Any

from rollout.http_client.redaction import clean
from rollout.http_client.reply import Reply
from rollout.message_ids import gettext_noop as _
from rollout.probes.info_login import PATHS, read_info_login

from .context import Halt, StepContext, StepMessage, failed, require_response
from .site_list import SiteListError, client_id_in
from .transcript import StepOutcome


async def parse_site_list(context: StepContext) -> StepMessage:
    """Get the client ID from the site list."""
    if context.plan.site_list_json is None:
        raise Halt(
            StepOutcome.SKIPPED,
            _("The site has no application link for MDM, so there is no site list. The Non-MDM setup is tested."),
        )
    try:
        context.client_id = client_id_in(context.plan.site_list_json, context.plan.base_url)
    except SiteListError as error:
        raise failed(error.message, **error.values) from error
    return _("The site list contains the client ID %(client_id)s."), {"client_id": context.client_id}


async def info_login(context: StepContext) -> StepMessage:
    """Request info/login without a session; in the Non-MDM setup, get the client ID from it."""
    reply = await context.client.send("GET", context.url(PATHS[0]), accept="application/json")
    require_response(reply)
    facts = read_info_login(reply)
    values = {"answered": reply.answer.answered}
    if context.client_id:
        if facts.kind == "json":
            return _("The site responds to info/login without sign-in."), values
        raise Halt(
            StepOutcome.SKIPPED,
            _(
                "The site does not respond to info/login without sign-in (%(answered)s). The test continues with the "
                "client ID from the site list."
            ),
            **values,
        )
    if facts.kind != "json":
        message = _("The site does not respond to info/login without sign-in (%(answered)s). Use the MDM setup.")
        raise failed(message, **values)
    if not facts.client_id:
        raise failed(_("info/login returns no client ID. Check that OAuth 2.0 is turned on for the mobile app."))
    context.client_id = facts.client_id
    return _("The site returns the client ID %(client_id)s to the app."), {"client_id": facts.client_id}


async def exchange_code(context: StepContext) -> StepMessage:
    """Exchange the authorization code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5)."""
    form = {
        "grant_type": "authorization_code",
        "code": context.code,
        "client_id": context.client_id,
        "redirect_uri": context.plan.redirect_uri,
        "code_verifier": context.verifier,
    }
    tokens = _check_tokens(context, await context.client.post_json(context.oauth_url("token"), form))
    values = {"expires_in": str(tokens["expires_in"])}
    return _("The site returned an access token, valid for %(expires_in)s seconds, and a refresh token."), values


async def refresh(context: StepContext) -> StepMessage:
    """Refresh the tokens (RFC 6749 §6); the refresh token must be replaced (RFC 9700 §4.14)."""
    old = context.refresh_token
    _check_tokens(context, await context.client.post_json(context.oauth_url("token"), _refresh_form(context)))
    if context.refresh_token == old:
        raise failed(
            _("The refresh token was not replaced, so a stolen one would remain valid (RFC 9700 section 4.14).")
        )
    return _("The site returned a new access token and a new refresh token."), {}


async def skip_old_refresh_token(context: StepContext) -> StepMessage:
    """Skip the replay of the replaced token. The step is kept because stored transcripts contain it."""
    raise Halt(
        StepOutcome.SKIPPED,
        _("Not tested: a provider that detects token theft would end the sign-in if the replaced token were used."),
    )


async def revoke(context: StepContext) -> StepMessage:
    """Revoke the refresh token (RFC 7009)."""
    form = {"token": context.refresh_token, "token_type_hint": "refresh_token", "client_id": context.client_id}
    reply = await context.client.post_json(context.oauth_url("revoke"), form)
    require_response(reply)
    if reply.status != 200:
        raise failed(_("Sign-out failed (%(answered)s)."), answered=_oauth_error(reply))
    return _("Sign-out revoked the refresh token."), {}


async def refresh_after_revoke(context: StepContext) -> StepMessage:
    """Check that a revoked refresh token is rejected."""
    reply = await context.client.post_json(context.oauth_url("token"), _refresh_form(context))
    require_response(reply)
    data = _object(reply)
    if reply.status in (400, 401) and isinstance(data.get("error"), str):
        return _("After sign-out the refresh token is rejected (%(error)s)."), {"error": clean(data["error"], 60)}
    context.client.add_secrets(*(value for value in data.values() if isinstance(value, str)))
    raise failed(_("After sign-out the refresh token was not rejected (%(answered)s)."), answered=_oauth_error(reply))


def _refresh_form(context: StepContext) -> dict[str, str]:
    return {"grant_type": "refresh_token", "refresh_token": context.refresh_token, "client_id": context.client_id}


def _check_tokens(context: StepContext, reply: Reply) -> dict[str, Any]:
    """Check the token response (RFC 6749 §5.1) and return it; store the refresh token in the context."""
    require_response(reply)
    data = _object(reply)
    tokens = {name: data[name] for name in ("access_token", "refresh_token") if isinstance(data.get(name), str)}
    context.client.add_secrets(*tokens.values())
    context.refresh_token = tokens.get("refresh_token") or context.refresh_token
    if reply.status != 200:
        raise failed(_TOKEN_ERRORS.get(str(data.get("error")), _TOKEN_ERROR), answered=_oauth_error(reply))
    if not data:
        raise failed(_("The token endpoint did not return JSON (%(answered)s)."), answered=reply.answer.answered)
    lifetime = data.get("expires_in")
    if not all(tokens.get(name) for name in ("access_token", "refresh_token")):
        raise failed(_("The token response contains no access token or no refresh token."))
    if str(data.get("token_type")).lower() != "bearer":
        raise failed(
            _("The token response has the token type %(kind)s instead of bearer."), kind=str(data.get("token_type"))
        )
    if isinstance(lifetime, bool) or not isinstance(lifetime, int) or lifetime <= 0:
        raise failed(_("The token response does not contain the lifetime of the access token."))
    if isinstance(data.get("scope"), str) and context.plan.scope not in data["scope"].split():
        raise failed(
            _(
                "The site granted the scope %(scope)s instead of %(requested)s. Change the permission of the "
                "application link."
            ),
            scope=data["scope"],
            requested=context.plan.scope,
        )
    return data


_TOKEN_ERROR = _("The token endpoint returned an error (%(answered)s).")
_TOKEN_ERRORS = {
    "invalid_client": _(
        "The token endpoint rejects the client (%(answered)s). The client ID is wrong, or the OAuth plugin is"
        " too old and requires a secret."
    ),
    "invalid_grant": _("The token endpoint rejects a token that it issued (%(answered)s)."),
}


def _object(reply: Reply) -> dict[str, Any]:
    """Return the JSON object of a reply, empty for anything else."""
    try:
        data = reply.json()
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}


def _oauth_error(reply: Reply) -> str:
    error = _object(reply).get("error")
    return f"{reply.status} {clean(error, 60)}" if isinstance(error, str) else reply.answer.answered
