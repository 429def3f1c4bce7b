"""Checks of a site behind a real nginx that requires a client certificate: without one, with one, of another site."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from rollout.compatibility.observation import Observation
from rollout.models import Site
from rollout.services import phone_results, site_certificates, sites
from rollout.simulator.fleet import SimulatedFleet
from tests.support.check_runs import run_queued_checks
from tests.support.client_certificates import PASSWORD, SERVER_AUTH, Identity, authority
from tests.support.nginx import nginx
from tests.support.paths import ROOT

CA = authority()
SERVER_CA = Identity("Example server CA", ca=True)
SERVER = Identity("wiki.example.com", SERVER_CA, purposes=(SERVER_AUTH,))
GATEPASS = Identity("gatepass@example.com", CA)
STRANGER = Identity("stranger@example.com", authority())


@contextlib.contextmanager
def front(directory: Path, server: str) -> Iterator[str]:
    """Run nginx with TLS and these directives; yield its URL."""
    directory.mkdir()
    for name, text in {
        "server.pem": SERVER.certificate_pem, "server.key": SERVER.key_pem(), "clients.pem": CA.certificate_pem,
    }.items():  # fmt: skip
        (directory / name).write_text(text)
    tls = f"ssl_certificate {directory}/server.pem; ssl_certificate_key {directory}/server.key; "
    tls += f"ssl_client_certificate {directory}/clients.pem; "
    with nginx(directory, tls + server, listen="ssl") as port:
        yield f"https://127.0.0.1:{port}"


@pytest.fixture(scope="module")
def confluence() -> Iterator[str]:
    with SimulatedFleet(["ready-non-mdm"]) as fleet:
        yield fleet.base_url("ready-non-mdm")


@pytest.fixture(params=["TLSv1.2", "TLSv1.3"])
def closed(request, tmp_path: Path, confluence: str) -> Iterator[str]:
    """Confluence behind nginx, which forwards only requests with a certificate of the CA."""
    origin, _slash, path = confluence.removeprefix("http://").partition("/")
    rewrite = f"sub_filter http://{origin} https://$http_host; sub_filter_once off; sub_filter_types *; "
    proxy = f'proxy_pass http://{origin}; proxy_set_header Accept-Encoding ""; proxy_redirect default; {rewrite}'
    rules = f"ssl_verify_client on; ssl_protocols {request.param}; location / {{ {proxy} }}"
    with front(tmp_path / "closed", rules) as url:
        yield f"{url}/{path}".rstrip("/")


@pytest.fixture
def open_to_all(tmp_path: Path) -> Iterator[str]:
    """A server that asks for a certificate, requires none, and responds with the subject of the one presented."""
    rules = 'ssl_verify_client optional_no_ca; location / { return 404 "subject=[$ssl_client_s_dn]"; }'
    with front(tmp_path / "open", rules) as url:
        yield url


@pytest.fixture
def add(alice):
    def create(title: str, url: str) -> Site:
        return sites.create_site(
            actor=alice, title=title, base_url=url, ca_bundle=SERVER_CA.certificate_pem, owners=[alice],
            oauth_plugin_version="4.1.1", mobile_plugin_version="19.1.47",
        )  # fmt: skip

    return create


def store(actor: Any, site: Site, identity: Identity) -> None:
    site_certificates.store_certificate(actor=actor, site=site, file=identity.pem())


def check(site: Site) -> Observation:
    """Run what is queued; return the newest observation of the site, which is read again."""
    run_queued_checks()
    site.refresh_from_db()
    facts = site.check_runs.latest("pk").facts
    assert facts is not None
    return facts


def test_it_works(alice, add, closed) -> None:
    site = add("Wiki", closed)
    before = check(site)
    assert before.manifest.product is None
    assert not {site.mdm_verdict, site.non_mdm_verdict} & {"READY_MDM", "READY_NON_MDM"}
    assert before.manifest.answer.status in (400, None)

    store(alice, site, GATEPASS)
    after = check(site)
    assert (after.manifest.product, after.manifest.answer.status) == ("confluence", 200)
    assert after.info_login.kind == "json"
    assert after.authorize.kind == "answers"
    assert "PRIVATE KEY" not in str(after.to_json())

    site_certificates.remove_certificate(actor=alice, site=site)
    assert check(site).manifest.product is None


def test_a_certificate_of_another_ca_is_refused(alice, add, closed) -> None:
    site = add("Wiki", closed)
    store(alice, site, STRANGER)
    assert check(site).manifest.product is None


def test_another_site_is_never_shown_it(alice, add, closed, open_to_all) -> None:
    wiki, other = add("Wiki", closed), add("Other", open_to_all)
    store(alice, wiki, GATEPASS)
    assert check(wiki).manifest.product == "confluence"
    seen = check(other)
    parts = (seen.manifest, seen.info_login, seen.authorize, seen.token)
    assert {part.answer.excerpt for part in parts} == {"subject=[]"}

    store(alice, other, GATEPASS)
    assert check(other).manifest.answer.excerpt == "subject=[CN=gatepass@example.com]"


def test_only_the_result_of_a_phone_makes_it_ready(alice, add, closed) -> None:
    site = add("Wiki", closed)
    store(alice, site, GATEPASS)
    check(site)
    assert site.mdm_verdict == "UNKNOWN"
    fields: dict[str, Any] = {
        "setup": "mdm", "ios_version": "18.5", "app_version": "2.0.1", "client_certificate": "yes",
        "tried_on": timezone.localdate(), "tried_by": "Ruth",
    }  # fmt: skip
    worked = phone_results.record_result(actor=alice, site=site, outcome="worked", **fields)
    (result,) = check(site).phone_results
    assert (result.worked, result.client_certificate) == (True, True)
    assert site.mdm_verdict == "READY_MDM"

    phone_results.withdraw_result(actor=alice, result=worked, reason="The wrong site")
    phone_results.record_result(actor=alice, site=site, outcome="failed", failed_step="content", **fields)
    check(site)
    assert site.mdm_verdict == "ACTION_NEEDED"


def test_check_site_presents_it_without_a_database(closed, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text(SERVER_CA.certificate_pem)
    (tmp_path / "gatepass.p12").write_bytes(GATEPASS.pkcs12())
    (tmp_path / "password").write_text(PASSWORD + "\n")
    options = ["--ca-bundle", str(tmp_path / "ca.pem"), "--json"]
    refused = _check_site(closed, *options)
    assert refused["observation"]["manifest"]["product"] is None
    options += ["--client-certificate", str(tmp_path / "gatepass.p12")]
    options += ["--client-certificate-password-file", str(tmp_path / "password")]
    seen = _check_site(closed, *options)
    assert seen["observation"]["manifest"]["product"] == "confluence"
    assert seen["observation"]["tls"]["trust"] == "site"


def _check_site(*arguments: str) -> Any:
    """Run the command without a database, a key or an address; return its only entry."""
    clean = {"PATH": os.environ["PATH"], "PROBE_ALLOW_LOOPBACK": "1", "DATABASE_URL": "postgres://127.0.0.1:1/no"}
    command = [sys.executable, "manage.py", "check_site", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=clean, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "PRIVATE KEY" not in done.stdout + done.stderr
    (entry,) = json.loads(done.stdout)
    return entry
