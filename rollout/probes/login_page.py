"""Requests the login page, whose meta tags are a second source of version and base URL."""

from __future__ import annotations

from rollout.compatibility.observation import LoginPage
from rollout.http_client.redaction import clean, safe_url
from rollout.http_client.reply import Reply

from .probe_session import ProbeSession, is_unreachable
from .web_page import absolute_action, is_html, read_page

PATHS = {"confluence": "/login.action", "jira": "/login.jsp"}


async def probe_login_page(session: ProbeSession, base_url: str, *, product: str) -> LoginPage:
    """Request the login page of the product and read its meta tags."""
    path = PATHS.get(product, PATHS["confluence"])
    return read_login_page(await session.request("GET", base_url + path, headers={"Accept": "text/html"}, follow=True))


def read_login_page(reply: Reply) -> LoginPage:
    """Classify a response. It is ``page`` only with the product's meta tags: other pages may not be the site's."""
    if reply.status is None:
        return LoginPage(reply.answer, "unreachable" if is_unreachable(reply) else "error")
    if reply.location is not None:
        return LoginPage(reply.answer, "intercepted")
    if reply.status != 200 or not is_html(reply):
        return LoginPage(reply.answer, "error")
    page = read_page(reply.text())
    version, base_url = page.metas.get("ajs-version-number", "").strip(), page.metas.get("ajs-base-url", "").strip()
    if not version and not base_url:
        return LoginPage(reply.answer, "script" if page.scripted else "intercepted")
    context_path = page.metas.get("ajs-context-path")
    return LoginPage(
        reply.answer,
        "page",
        version=clean(version, 40) or None,
        base_url=safe_url(base_url, 500) or None,
        context_path=None if context_path is None else clean(context_path, 200),
        form_action=absolute_action(reply, page),
    )
