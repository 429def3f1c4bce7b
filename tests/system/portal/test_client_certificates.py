"""Client certificates: a real nginx checks them, and its word counts from its own address only."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings as django_settings
from django.test import Client

from portal.models import User
from tests.support.nginx import nginx

Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def certificate(
    name: str, *, by: Pair | None = None, emails: tuple[str, ...] = (), subject_email: str = "", days: int = 1
) -> Pair:
    """A certificate and its key; without ``by`` an authority that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if subject_email:
        attributes.append(x509.NameAttribute(NameOID.EMAIL_ADDRESS, subject_email))
    subject, now = x509.Name(attributes), datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [x509.RFC822Name(email) for email in emails]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by[0].subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    if name == "localhost":
        names.append(x509.DNSName("localhost"))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(by[1] if by else key, hashes.SHA256()), key


def save(pair: Pair, folder: Path, name: str) -> tuple[str, str]:
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(pem(pair))
    private = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(pair[1].private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()))
    return str(files[0]), str(files[1])


def pem(pair: Pair) -> bytes:
    return pair[0].public_bytes(serialization.Encoding.PEM)


@pytest.fixture
def on(settings: Any) -> None:
    settings.CLIENT_CERTIFICATES = True
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]


@pytest.fixture
def alma(make_user: Callable[..., User]) -> User:
    return make_user("auditor", "alma@example.com")


# --- Through nginx -----------------------------------------------------------------------------------------------


@pytest.fixture
def authority() -> Pair:
    return certificate("Staff")


@pytest.fixture
def front(live_server: Any, on: None, authority: Pair, tmp_path: Path) -> Iterator[str]:
    """The address of an nginx that asks for certificates of the authority, as docs/settings.md has it."""
    save(authority, tmp_path, "staff-ca")
    save(certificate("localhost", by=authority), tmp_path, "server")
    server = f"""
        ssl_certificate {tmp_path}/server.pem; ssl_certificate_key {tmp_path}/server.key;
        ssl_client_certificate {tmp_path}/staff-ca.pem; ssl_verify_client optional;
        location / {{
            proxy_pass {django_settings.PUBLIC_URL};
            proxy_set_header Host $proxy_host;
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_set_header X-Client-Cert-Verify $ssl_client_verify;
            proxy_set_header X-Client-Cert $ssl_client_escaped_cert;
        }}"""
    with nginx(tmp_path, server, listen="ssl") as port:
        yield f"https://localhost:{port}"


def browse(front: str, tmp_path: Path, pair: Pair | None, **headers: str) -> tuple[str, requests.Session]:
    """The sign-in page as a browser with this certificate sees it."""
    session = requests.Session()
    session.trust_env = False  # a bundle that the environment names would come before ours
    session.verify = str(tmp_path / "staff-ca.pem")
    session.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    if pair is not None:
        session.cert = save(pair, tmp_path, "client")
    return session.get(f"{front}/accounts/login/", timeout=10).text, session


def press(front: str, page: str, session: requests.Session) -> requests.Response:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1]  # type: ignore[index]
    form = {"csrfmiddlewaretoken": token}
    return session.post(f"{front}/accounts/certificate/", form, allow_redirects=False, timeout=10)


@pytest.mark.django_db(transaction=True)
def test_it_works(front: str, tmp_path: Path, authority: Pair, alma: User) -> None:
    page, session = browse(front, tmp_path, certificate("Alma", by=authority, emails=("Alma@example.com",)))
    assert "Sign in as alma@example.com with your certificate" in page
    assert press(front, page, session).headers["Location"] == "/"
    assert session.get(f"{front}/sites/", timeout=10).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_without_one_from_the_authority_there_is_no_way_in(
    front: str, tmp_path: Path, authority: Pair, alma: User
) -> None:
    page, session = browse(front, tmp_path, None)
    assert "certificate" not in page
    assert press(front, page, session).headers["Location"] == "/accounts/login/"
    stranger = certificate("Stranger", by=certificate("Other"), emails=("alma@example.com",))
    refused, _session = browse(front, tmp_path, stranger)
    assert "SSL certificate error" in refused  # nginx itself
    expired = certificate("Alma", by=authority, emails=("alma@example.com",), days=-1)
    assert "SSL certificate error" in browse(front, tmp_path, expired)[0]


@pytest.mark.django_db(transaction=True)
def test_a_header_that_a_visitor_sends_is_overwritten(front: str, tmp_path: Path, authority: Pair, alma: User) -> None:
    forged = quote(pem(certificate("Alma", by=authority, emails=("alma@example.com",))).decode())
    page, session = browse(front, tmp_path, None, X_Client_Cert_Verify="SUCCESS", X_Client_Cert=forged)
    assert "with your certificate" not in page
    assert press(front, page, session).headers["Location"] == "/accounts/login/"


# --- What the proxy says -----------------------------------------------------------------------------------------


def shown(pair: Pair, *, address: str = "127.0.0.1", verify: str = "SUCCESS", raw: str | None = None) -> str:
    certificate_text = raw if raw is not None else quote(pem(pair).decode())
    headers = {"x-client-cert-verify": verify, "x-client-cert": certificate_text}
    return Client(headers=headers, REMOTE_ADDR=address).get("/accounts/login/").text


def is_offered(page: str) -> bool:
    return "Sign in as alma@example.com with your certificate" in page


def test_who_is_named(on: None, alma: User, bob: User) -> None:
    assert is_offered(shown(certificate("x", emails=("alma@example.com",))))
    assert is_offered(shown(certificate("x", subject_email="alma@example.com")))
    assert is_offered(shown(certificate("x", emails=("unknown@example.com", "alma@example.com"))))
    assert not is_offered(shown(certificate("alma@example.com")))
    assert not is_offered(shown(certificate("x", emails=("alma@example.com", bob.email))))
    assert not is_offered(shown(certificate("x", emails=("other@example.com",), subject_email="alma@example.com")))


def test_only_the_proxys_word_counts(on: None, settings: Any, alma: User) -> None:
    pair = certificate("x", emails=("alma@example.com",))
    assert not is_offered(shown(pair, address="10.0.0.9"))
    for verify in ("NONE", "FAILED:expired", "", "success"):
        assert not is_offered(shown(pair, verify=verify))
    settings.CLIENT_CERTIFICATES = False
    assert not is_offered(shown(pair))
    settings.CLIENT_CERTIFICATES, settings.TRUSTED_PROXIES = True, []
    assert not is_offered(shown(pair))


@pytest.mark.parametrize("raw", ["", "x", "%00", "-----BEGIN CERTIFICATE-----", "%FF" * 100, "A" * 50_000])
def test_an_invalid_certificate_identifies_no_person(on: None, alma: User, raw: str) -> None:
    assert not is_offered(shown(certificate("x"), raw=raw))


def test_a_deactivated_person_is_not_identified(on: None, alma: User) -> None:
    User.objects.filter(pk=alma.pk).update(is_active=False)
    assert not is_offered(shown(certificate("x", emails=("alma@example.com",))))
