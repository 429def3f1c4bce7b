"""What software asks of the provider: which addresses those are, and who answers.

They have no session, no language and no form, so they are answered ahead of what pages need: by
``portal.serving.handler`` ahead of Django, or by ``ProtocolMiddleware`` ahead of most middleware. The addresses are in
``portal.urls`` as well.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from django.conf import settings
from django.http import Http404

from oauth_provider.endpoints import machine
from oauth_provider.endpoints.form_endpoint import Answer, Meta
from portal.provided_sites import views

# For no browser: one constant, stricter than those of pages.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; form-action 'none'; base-uri 'none'",
    "Permissions-Policy": ", ".join(f"{name}=()" for name in settings.PERMISSIONS_POLICY),
    "X-Frame-Options": "DENY",
}
_PATHS = re.compile(r"/(?:at/([-\w]+)/)?rest/(?:oauth2/latest/([a-z/]+)|nativemobile/(1\.[01])/info/login)", re.ASCII)
_ENDPOINTS = {
    "token": machine.token,
    "revoke": machine.revoke,
    "introspect": machine.introspect,
    "introspect/status": machine.introspect_status,
}


def is_protocol(path: str) -> bool:
    """Whether the address looks like one of these; ``answer`` has the last word."""
    return _PATHS.fullmatch(path) is not None


def answer(meta: Meta, read: Callable[[], bytes]) -> Answer | None:
    """Answer a request by its WSGI environment; None for an address that is somebody else's.

    A site that is not there is such an address: its page needs all the rest of Django.
    """
    found = _PATHS.fullmatch(meta.get("PATH_INFO", ""))
    if found is None:
        return None
    slug, name, version = found.groups()
    try:
        if version is not None:
            return None if slug is None else views.answer_info_login(meta, slug, version)
        endpoint = _ENDPOINTS.get(name)
        if endpoint is None:
            return None
        return endpoint.answer(meta, read) if slug is None else views.answer(endpoint, slug, meta, read)
    except Http404:
        return None
