"""A redirect of ``/`` into a context path, and the redirects that are none."""

from __future__ import annotations

import pytest

from rollout.pasted_url.root_redirect import redirected_base_url

HOST = "https://wiki.example.com"


@pytest.mark.parametrize(
    ("base_url", "location", "suggested"),
    [
        (HOST, f"{HOST}/wiki", f"{HOST}/wiki"),
        (HOST, f"{HOST}/wiki/", f"{HOST}/wiki"),
        (f"{HOST}/", f"{HOST}:443/wiki/login.action?os_destination=%2F", f"{HOST}/wiki"),
        (HOST, f"{HOST}/apps/wiki/dashboard.action", f"{HOST}/apps/wiki"),
        (f"{HOST}/apps", f"{HOST}/apps/wiki/", f"{HOST}/apps/wiki"),
        (HOST, "http://wiki.example.com/wiki/", f"{HOST}/wiki"),
        (f"{HOST}:8443", f"{HOST}:8443/wiki/", f"{HOST}:8443/wiki"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090/wiki/", "http://127.0.0.1:8090/wiki"),
        # No redirect, or one to a page of the site itself.
        (HOST, None, None),
        (HOST, f"{HOST}/", None),
        (HOST, f"{HOST}/login.action?os_destination=%2F", None),
        (HOST, f"{HOST}/secure/Dashboard.jspa", None),
        (f"{HOST}/wiki", f"{HOST}/wiki/index.action", None),
        # Another host, port or sign-in service; a path that is no context path.
        (HOST, "https://sso.example.com/wiki/", None),
        (HOST, f"{HOST}:8443/wiki/", None),
        (HOST, "http://wiki.example.com:8090/wiki/", None),
        (f"{HOST}/wiki", f"{HOST}/wiki2/", None),
        (f"{HOST}/wiki", f"{HOST}/", None),
        (HOST, f"{HOST}/adfs/ls/?SAMLRequest=x", None),
        (HOST, f"{HOST}/oauth2/start?rd=%2F", None),
        (HOST, f"{HOST}/my.policy", None),
        (HOST, f"{HOST}/a/b/c/", None),
        (HOST, f"{HOST}/../wiki", None),
        (HOST, "javascript:alert(1)", None),
        (HOST, "nonsense", None),
        ("nonsense", f"{HOST}/wiki", None),
    ],
)
def test_redirects_of_the_root(base_url: str, location: str | None, suggested: str | None) -> None:
    assert redirected_base_url(base_url, location) == suggested
