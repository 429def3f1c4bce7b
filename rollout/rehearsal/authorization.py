"""The browser part of a sign-in: authorization request, login, consent and the redirect to the app."""

from __future__ import annotations

import base64
import hashlib
import secrets
from urllib.parse import parse_qs, urlencode, urlsplit

from rollout.http_client.redaction import clean
from rollout.http_client.reply import Reply
from rollout.message_ids import gettext_noop as _
from rollout.probes.info_login import host_of

from .browser import Browser
from .context import Halt, StepContext, StepMessage, failed, require_response
from .html_forms import Form, forms_of
from .transcript import StepOutcome


async def authorize(context: StepContext) -> StepMessage:
    """Get an authorization code with PKCE in the browser (RFC 6749 §4.1, RFC 7636 §4, RFC 8252, RFC 9207)."""
    context.verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(24)
    context.client.add_secrets(context.verifier, state)
    browser = Browser(context.client)
    url = f"{context.oauth_url('authorize')}?{urlencode(_authorization(context, state))}"
    page = await browser.open(url)
    if _consent_form(page) is None and _is_login(page) and context.plan.sign_in_url:
        await _sign_in(context, browser)
        page = await browser.open(url)
    consent = _consent_form(page)
    if consent is not None:
        page = await browser.submit(page, consent, consent.button("allow"))
        context.consented = True
    context.code = _code(context, _callback(context, page), state)
    context.client.add_secrets(context.code)
    return _("The browser returned to the app with a code, the correct state and the correct issuer."), {}


def _authorization(context: StepContext, state: str) -> dict[str, str]:
    digest = hashlib.sha256(context.verifier.encode()).digest()
    return {
        "response_type": "code",
        "client_id": context.client_id,
        "redirect_uri": context.plan.redirect_uri,
        "scope": context.plan.scope,
        "state": state,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }


async def _sign_in(context: StepContext, browser: Browser) -> None:
    """Press the button of the sign-in page. Its form posts to the page itself, unlike forms for theme and search."""
    sign_in_url = context.plan.sign_in_url or ""
    path = urlsplit(sign_in_url).path
    context.client.add_secrets(path, path.strip("/").rpartition("/")[2], sign_in_url)
    page = await browser.open(sign_in_url)
    require_response(page)
    posts = [form for form in forms_of(page.text()) if form.method == "post" and form.buttons]
    own = [form for form in posts if not form.action or urlsplit(form.action).path in (path, urlsplit(page.url).path)]
    for form in own or posts:
        context.client.add_secrets(*(value for name, value in form.fields))
        await browser.submit(page, form, form.buttons[0])
        context.signed_in = True
        return
    raise failed(_("The one-time sign-in link of the test was already used or has expired. Test again."))


def _callback(context: StepContext, page: Reply) -> dict[str, list[str]]:
    """Return the parameters of the redirect to the app. Raises Halt if the browser ended elsewhere."""
    require_response(page)
    location = page.location or ""
    if location.partition("?")[0] == context.plan.redirect_uri:
        return parse_qs(urlsplit(location).query, keep_blank_values=True, max_num_fields=50)
    if location:
        host = host_of(location) or clean(location.partition(":")[0], 40)
        if not context.consented and location.lower().startswith(("http:", "https:")):
            message = _(
                "The site redirected the browser to %(host)s to sign in. A sign-in test cannot continue there. Sign "
                "in with a real phone."
            )
            raise Halt(StepOutcome.STOPPED, message, host=host)
        raise failed(_("The browser was redirected to an address that is not the app's (%(host)s)."), host=host)
    if page.status != 200:
        raise failed(_("The authorization endpoint returned an error (%(answered)s)."), answered=page.answer.answered)
    if context.signed_in:
        raise failed(_("The browser signed in, but the site did not show a consent page."))
    if not _is_login(page):
        raise failed(_("The site showed a page that is neither a login page nor a consent page."))
    raise Halt(
        StepOutcome.STOPPED,
        _(
            "The site returned its login page. A sign-in test has no credentials to continue. Sign in with a real "
            "phone."
        ),
    )


def _code(context: StepContext, parameters: dict[str, list[str]], state: str) -> str:
    """Return the code after the checks that RFC 6749 §4.1.2 and RFC 9207 §2.4 require of a client."""
    if any(len(values) > 1 for values in parameters.values()):
        raise failed(_("The redirect to the app contains a parameter twice."))
    values = {name: all_values[0] for name, all_values in parameters.items()}
    context.client.add_secrets(values.get("code", ""))
    if values.get("state") != state:
        raise failed(
            _("The redirect to the app does not contain the state that the app sent, so the app would reject it.")
        )
    if "iss" in values and values["iss"].rstrip("/") != context.plan.base_url.rstrip("/"):
        raise failed(_("The redirect to the app comes from another issuer (%(issuer)s)."), issuer=values["iss"])
    if "error" in values:
        raise failed(_("The site returned the error %(error)s to the app."), error=values["error"] or "?")
    if not values.get("code"):
        raise failed(_("The redirect to the app contains no code."))
    return values["code"]


def _consent_form(page: Reply) -> Form | None:
    if page.status != 200:
        return None
    return next((form for form in forms_of(page.text()) if form.method == "post" and form.button("allow")), None)


def _is_login(page: Reply) -> bool:
    """Whether the reply is a page with a form, or a redirect to a login page."""
    if page.location is not None:
        return page.location.lower().startswith(("http:", "https:"))
    return page.status in (200, 401) and bool(forms_of(page.text()))
