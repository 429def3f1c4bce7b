"""Why plugin versions could not be read from a site's plugin manager, and what to do: one message for each problem."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from rollout.http_client.failures import ERRORS
from rollout.probes.upm import UpmResult

# Keys are the problems of ``rollout.probes.upm.UpmResult``; no message repeats anything that the site sent.
PROBLEMS = {
    "token_refused": gettext_lazy(
        "The site rejected the token (HTTP %(status)s): it is wrong, expired or revoked. Create a new one on the site "
        "under Profile → Personal access tokens."
    ),
    "forbidden": gettext_lazy(
        "The site does not let the token's owner see its plugins (HTTP %(status)s). Use the token of an "
        "administrator. If it is one, a proxy or secure administrator sessions (WebSudo) block /rest/plugins/1.0/: "
        "paste the plugin manager's JSON instead."
    ),
    "no_manager": gettext_lazy(
        "There is no plugin manager at this address (HTTP %(status)s). Check the base URL and its context path, such "
        "as /confluence; a proxy can also block /rest/plugins/1.0/."
    ),
    "not_acceptable": gettext_lazy(
        "The plugin manager does not offer its data in a format that Gatepass reads (HTTP %(status)s). Paste its JSON, "
        "or enter the versions."
    ),
    "sign_in": gettext_lazy(
        "A sign-in page responded instead of the plugin manager (HTTP %(status)s): a proxy does not let tokens "
        "through. Exempt /rest/plugins/1.0/ from that sign-in, or paste the plugin manager's JSON."
    ),
    "proxy_sign_in": gettext_lazy(
        "A proxy in front of the site requires its own sign-in (HTTP %(status)s), so the token does not reach the "
        "site. Exempt /rest/plugins/1.0/ from that sign-in, or paste the plugin manager's JSON."
    ),
    "firewall": gettext_lazy(
        "A firewall or bot protection in front of the site blocked the request (HTTP %(status)s). Allow requests of "
        "Gatepass to /rest/plugins/1.0/ there, or paste the plugin manager's JSON."
    ),
    "address_list": gettext_lazy(
        "A server in front of the site accepts requests from certain IP addresses only (HTTP %(status)s). Add the "
        "address of Gatepass there, or paste the plugin manager's JSON."
    ),
    "certificate_required": gettext_lazy(
        "The site requires a client certificate (HTTP %(status)s). Paste the plugin manager's JSON instead."
    ),
    "rate_limit": gettext_lazy(
        "The site limits the number of requests (HTTP %(status)s). Try again in a few minutes."
    ),
    "maintenance": gettext_lazy(
        "The site is under maintenance or not running (HTTP %(status)s). Try again when it is back."
    ),
    "moved": gettext_lazy(
        "The site redirects to another address (HTTP %(status)s). Set the base URL to that address, then try again."
    ),
    "cloud": gettext_lazy(
        "This address belongs to Atlassian Cloud (HTTP %(status)s), which has no such plugin manager. Check the base "
        "URL."
    ),
    "web_page": gettext_lazy(
        "A web page responded instead of the plugin manager (HTTP %(status)s): it is another server, or a proxy. Check "
        "the base URL, or paste the plugin manager's JSON."
    ),
    "not_upm": gettext_lazy(
        "The response is not the plugin manager's JSON (HTTP %(status)s). Check the base URL, or paste the JSON."
    ),
    "failed": gettext_lazy(
        "The plugin manager returned an error (HTTP %(status)s). Try again later, or paste its JSON."
    ),
}  # fmt: skip


def error_message(result: UpmResult) -> str:
    """Return the message for a failed read."""
    if result.problem in PROBLEMS:
        return str(PROBLEMS[result.problem]) % {"status": result.status}
    return _(ERRORS[result.problem])
