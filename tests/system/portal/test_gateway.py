"""A gateway in front of an application: the page that makes it, and a real nginx that runs what the page gave."""

from __future__ import annotations

import contextlib
import http.server
import json
import re
import threading
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import requests
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from oauth_provider.clients import register_client
from oauth_provider.gateway import Gateway, GatewayError, nginx_configuration, parse_upstream
from oauth_provider.models import ResourceServer
from portal.models import User
from rollout.models import ApplicationLink, AuditEvent, Product, Provider, Site
from rollout.simulator.fleet import SimulatedFleet
from tests.support.browser_sheet import sign_in_and_answer
from tests.support.nginx import nginx

REDIRECT_URI = "confluence-server://oauth-callback"
PASSWORD = "correct horse battery staple"
MakeSite = Callable[..., Site]


@pytest.fixture
def make_pilot(make_site: MakeSite) -> Callable[[str], Site]:
    def make(slug: str) -> Site:
        base_url = f"{django_settings.PUBLIC_URL}/at/{slug}"
        site = make_site(
            title=slug.title(), slug=slug, provider=Provider.GATEPASS, product=Product.CONFLUENCE, base_url=base_url
        )
        client_id = register_client(name=slug, redirect_uri=REDIRECT_URI)
        ApplicationLink.objects.create(
            site=site, client_id=client_id, redirect_url=REDIRECT_URI, created_at=timezone.now()
        )
        return site

    return make


@pytest.fixture
def pilot(make_pilot: Callable[[str], Site]) -> Site:
    return make_pilot("pilot")


@pytest.fixture
def admin_client(administrator: User, client_of: Callable[[User], Client]) -> Client:
    return client_of(administrator)


def make_credential(client: Client, site: Site) -> str:
    """The credential file, as the page shows it once."""
    page = client.post(f"/sites/{site.pk}/gateway/")
    assert page["Cache-Control"].startswith("max-age=0")
    return unescape(re.search(r"proxy_set_header Authorization &quot;Basic [A-Za-z0-9+/=]+&quot;;", page.text)[0])  # type: ignore[index]


def download(client: Client, site: Site, application: str) -> str:
    asked = {"application": application, "gatepass": django_settings.PUBLIC_URL, "download": "1"}
    answer = client.get(f"/sites/{site.pk}/gateway/", asked)
    assert answer["Content-Disposition"] == f'attachment; filename="gatepass-{site.slug}.conf"'
    return answer.text


# --- The page ----------------------------------------------------------------------------------------------------


def test_the_secret_is_shown_once_and_recorded(admin_client: Client, pilot: Site) -> None:
    secret_file = make_credential(admin_client, pilot)
    assert secret_file not in admin_client.get(f"/sites/{pilot.pk}/gateway/").text
    assert ResourceServer.objects.get().client_id in admin_client.get(f"/sites/{pilot.pk}/gateway/").text
    event = AuditEvent.objects.get(action="gateway.credential_made")
    assert (event.target_label, event.details) == ("Pilot", {})
    removed = admin_client.post(f"/sites/{pilot.pk}/gateway/", {"remove": ResourceServer.objects.get().client_id})
    assert removed.status_code == 302
    assert not ResourceServer.objects.exists()


def test_another_sites_credential_is_not_removed_here(admin_client: Client, make_pilot: Any) -> None:
    one, two = make_pilot("one"), make_pilot("two")
    make_credential(admin_client, one)
    admin_client.post(f"/sites/{two.pk}/gateway/", {"remove": ResourceServer.objects.get().client_id})
    assert ResourceServer.objects.exists()


def test_the_configuration_holds_no_secret(admin_client: Client, pilot: Site) -> None:
    secret = make_credential(admin_client, pilot).split('"')[1].split()[1]
    assert secret not in download(admin_client, pilot, "http://127.0.0.1:8090")


def test_a_site_that_confluence_provides_has_no_gateway(admin_client: Client, site: Site) -> None:
    assert admin_client.get(f"/sites/{site.pk}/gateway/").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "", "x", "ftp://a", "https://", "http://a b", "http://a;return 200", "http://a\n}", "http://a/$uri", "http://u@a",
        "http://a?x", "http://a#x", "http://a/{", "http://-a", "http://a:0", "http://a:65536", "http://a:x", "http://é",
        'http://a/"', "http://a/\\", "x" * 400,
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(admin_client: Client, pilot: Site, address: str) -> None:
    with pytest.raises(GatewayError):
        parse_upstream(address)
    answer = admin_client.get(f"/sites/{pilot.pk}/gateway/", {"application": address, "gatepass": "http://127.0.0.1"})
    assert answer.status_code == 422


def test_a_title_cannot_leave_its_comment() -> None:
    gateway = Gateway("a\n}\nserver { }", "https://g.example.com/at/a", "http://127.0.0.1:1", "http://127.0.0.1:2")
    text = nginx_configuration(gateway, credential_path="x.secret")
    assert text.splitlines()[0] == "# Gateway for a } server { }"


# --- A real nginx ------------------------------------------------------------------------------------------------


class Echo(http.server.BaseHTTPRequestHandler):
    """Stands for the application: answers with what it was sent."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        told = {"path": self.path, "headers": dict(self.headers.items()), "body": self.rfile.read(length).decode()}
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_arguments: Any) -> None:
        """Nothing on the terminal."""


@pytest.fixture
def application() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/wiki"
    server.shutdown()
    server.server_close()


@pytest.fixture
def start_nginx(tmp_path: Path) -> Iterator[Callable[[str, dict[str, str]], str]]:
    """``start_nginx(configuration, files) -> address`` of a server block that includes it, Gatepass behind the rest."""
    with contextlib.ExitStack() as stack:

        def start(configuration: str, files: dict[str, str]) -> str:
            for name, text in {"gateway.conf": configuration, **files}.items():
                (tmp_path / name).write_text(text)
            rest = f"location / {{ proxy_pass {django_settings.PUBLIC_URL}; proxy_set_header Host $proxy_host; }}"
            port = stack.enter_context(nginx(tmp_path, f"include gateway.conf; {rest}"))
            return f"http://127.0.0.1:{port}"

        yield start


@pytest.fixture
def person(make_user: Callable[..., User]) -> User:
    return make_user("member", "phone@example.com", PASSWORD)


@pytest.fixture
def gateway(
    live_server: Any, admin_client: Client, pilot: Site, application: str, start_nginx: Callable[..., str]
) -> str:
    """The site's base URL at a running gateway, made by the page."""
    secret = make_credential(admin_client, pilot)
    return start_nginx(download(admin_client, pilot, application), {"gatepass-pilot.secret": secret}) + "/at/pilot"


def sign_in(gateway: str, site: Site, person: User) -> tuple[OAuth2Session, dict[str, Any]]:
    """A third-party client, through the gateway from the first request on."""
    client_id = site.links.get().client_id
    app = OAuth2Session(
        client_id, redirect_uri=REDIRECT_URI, scope="WRITE", code_challenge_method="S256",
        token_endpoint_auth_method="none",
    )  # fmt: skip
    verifier = generate_token(64)
    url, state = app.create_authorization_url(f"{gateway}/rest/oauth2/latest/authorize", code_verifier=verifier)
    callback = sign_in_and_answer(url, person.email, PASSWORD)
    token = app.fetch_token(
        f"{gateway}/rest/oauth2/latest/token", authorization_response=callback, state=state, code_verifier=verifier
    )
    return app, token


def get(url: str, token: str = "", **headers: str) -> requests.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(url, headers={**({"Authorization": f"Bearer {token}"} if token else {}), **sent}, timeout=10)


@pytest.mark.django_db(transaction=True)
@pytest.mark.rfc("7662", "2.2")
@pytest.mark.rfc("6750", "3")
def test_an_app_signs_in_and_reads_through_the_gateway(gateway: str, pilot: Site, person: User) -> None:
    anonymous = get(f"{gateway}/rest/api/content")
    assert (anonymous.status_code, anonymous.headers["WWW-Authenticate"]) == (401, "Bearer")

    app, token = sign_in(gateway, pilot, person)
    told = get(f"{gateway}/rest/api/content?limit=1", token["access_token"])
    assert told.status_code == 200
    seen = told.json()
    assert seen["path"] == "/wiki/rest/api/content?limit=1"
    assert seen["headers"]["X-Gatepass-User"] == person.email
    assert seen["headers"]["X-Gatepass-Subject"] == str(person.pk)
    assert "Authorization" not in seen["headers"]
    posted = requests.post(
        f"{gateway}/rest/api/content", "page", headers={"Authorization": f"bearer {token['access_token']}"}, timeout=10
    )
    assert posted.json()["body"] == "page"

    refused = get(f"{gateway}/x", token["refresh_token"])
    assert refused.status_code == 401
    app.revoke_token(f"{gateway}/rest/oauth2/latest/revoke", token=token["refresh_token"])
    revoked = get(f"{gateway}/rest/api/content", token["access_token"])
    assert (revoked.status_code, revoked.headers["WWW-Authenticate"]) == (401, 'Bearer error="invalid_token"')


@pytest.mark.django_db(transaction=True)
def test_a_user_header_of_the_client_is_ignored(gateway: str, pilot: Site, person: User) -> None:
    _app, token = sign_in(gateway, pilot, person)
    forged = {
        "X-Gatepass-User": "boss@example.com",
        "X-Gatepass-Subject": "1",
        "x-gatepass-user": "boss",
        "X_Gatepass_User": "boss",
    }
    seen = requests.get(
        f"{gateway}/", headers={**forged, "Authorization": f"Bearer {token['access_token']}"}, timeout=10
    )
    found = {name.lower().replace("_", "-"): value for name, value in seen.json()["headers"].items()}
    assert found["x-gatepass-user"] == person.email
    assert "boss" not in seen.text
    assert get(f"{gateway}/", X_Gatepass_User="boss").status_code == 401


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "header", ["Basic eDp5", "Bearer", "Bearer x y", "Bearer a&client_id=x", "Bearer %00", "bearer  " + "a" * 86]
)
def test_what_is_no_token_is_401(gateway: str, header: str) -> None:
    assert get(f"{gateway}/", Authorization=header).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_the_token_of_another_site_opens_nothing(gateway: str, make_pilot: Any, person: User) -> None:
    other = make_pilot("other")
    _app, token = sign_in(other.base_url, other, person)
    assert get(f"{gateway}/", token["access_token"]).status_code == 401


@pytest.mark.django_db(transaction=True)
def test_it_fails_closed(gateway: str, pilot: Site, person: User) -> None:
    """A removed credential, a deactivated person, an archived site: requests fail, with a status that blames no app."""
    _app, token = sign_in(gateway, pilot, person)
    assert get(f"{gateway}/", token["access_token"]).status_code == 200
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert get(f"{gateway}/", token["access_token"]).status_code == 401
    User.objects.filter(pk=person.pk).update(is_active=True)
    assert get(f"{gateway}/", token["access_token"]).status_code == 200
    Site.objects.filter(pk=pilot.pk).update(archived_at=timezone.now())
    assert get(f"{gateway}/", token["access_token"]).status_code >= 400
    Site.objects.filter(pk=pilot.pk).update(archived_at=None)
    ResourceServer.objects.all().delete()
    assert get(f"{gateway}/", token["access_token"]).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_the_paths_of_the_app_are_answered_by_gatepass(gateway: str, pilot: Site) -> None:
    assert get(f"{gateway}/rest/nativemobile/1.1/info/login").json()["siteTitle"] == "Pilot"
    metadata = get(f"{gateway}/rest/oauth2/latest/.well-known/oauth-authorization-server").json()
    assert metadata["issuer"] == pilot.base_url
    assert get(f"{gateway}/_gatepass/at_pilot").status_code == 401
    assert get(gateway.replace("/at/pilot", "/_gatepass/at_pilot")).status_code == 404  # internal


@pytest.mark.django_db(transaction=True)
def test_in_front_of_a_simulated_confluence(
    live_server: Any, admin_client: Client, pilot: Site, person: User, start_nginx: Callable[..., str]
) -> None:
    secret = make_credential(admin_client, pilot)
    with SimulatedFleet(["ready-mdm"]) as personas:
        configuration = download(admin_client, pilot, personas.base_url("ready-mdm"))
        gateway = start_nginx(configuration, {"gatepass-pilot.secret": secret}) + "/at/pilot"
        assert get(f"{gateway}/rest/applinks/1.0/manifest").status_code == 401
        _app, token = sign_in(gateway, pilot, person)
        manifest = get(f"{gateway}/rest/applinks/1.0/manifest", token["access_token"])
        assert manifest.status_code == 200
        assert "<typeId>confluence</typeId>" in manifest.text
