"""The page of a site's client certificate: uploaded, shown by its subject, replaced and removed, never given back."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from rollout.models import SiteCertificate
from rollout.services import site_certificates
from tests.support.client_certificates import PASSWORD, Identity, authority

CA = authority()
GATEPASS = Identity("gatepass@example.com", CA)
EXPIRES = GATEPASS.certificate.not_valid_after_utc.date().isoformat()
KEY_LINES = [line for line in GATEPASS.key_pem().splitlines() if "-----" not in line]


@pytest.fixture
def url(site) -> str:
    return reverse("client_certificate", args=[site.pk])


@pytest.fixture
def upload(url, alice, client_of):
    """``upload(data, password)`` submits the form as the owner of the site and follows the redirect."""

    def post(data: bytes, password: str = "") -> Any:
        fields = {"file": SimpleUploadedFile("gatepass.p12", data), "password": password}
        return client_of(alice).post(url, fields, follow=True)

    return post


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


@pytest.mark.parametrize(("data", "password"), [(GATEPASS.pem(), ""), (GATEPASS.pkcs12(), PASSWORD)])
def test_it_works(upload, url, site, caplog, data, password) -> None:
    caplog.set_level(logging.DEBUG)
    answer = upload(data, password)
    page = text_of(answer)
    assert answer.redirect_chain == [(url, 302)]
    for shown in ("gatepass@example.com", "Example client CA", "Presented in checks", EXPIRES):
        assert shown in page
    for text in (page, caplog.text):
        assert "PRIVATE KEY" not in text
        assert KEY_LINES[0] not in text
        assert PASSWORD not in text
    assert site.check_runs.count() == 1


@pytest.mark.parametrize(
    ("data", "password", "message"),
    [
        (b"", "", "The file is empty."),
        (b"x" * 40_000, "", "larger than 32 KiB"),
        (b"hello", "", "neither PEM nor PKCS #12"),
        (GATEPASS.certificate_pem.encode(), "", "contains no private key"),
        (GATEPASS.pkcs12(), "", "The private key is encrypted. Enter its password."),
        (GATEPASS.pkcs12(), "a wrong one", "The password is wrong"),
        (Identity("old", CA, days=(-9, -1)).pem(), "", "The certificate expired on"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(upload, data, password, message) -> None:
    answer = upload(data, password)
    page = text_of(answer)
    assert answer.status_code == 422
    assert message in page
    assert "a wrong one" not in page
    assert not SiteCertificate.objects.exists()


def test_no_file_is_named(url, alice, client_of) -> None:
    answer = client_of(alice).post(url, {"password": "secret word"})
    assert answer.status_code == 422
    assert "Choose the file with the certificate and its private key." in text_of(answer)
    assert "secret word" not in text_of(answer)


def test_it_can_be_replaced_and_removed(upload, url, site, alice, client_of) -> None:
    upload(GATEPASS.pem())
    page = text_of(upload(Identity("second@example.com", CA).pem()))
    assert "second@example.com" in page
    assert "gatepass@example.com" not in page
    remove = reverse("client_certificate_remove", args=[site.pk])
    assert remove in page
    page = text_of(client_of(alice).post(remove, follow=True))
    assert "The client certificate was removed." in page
    assert "second@example.com" not in page
    assert client_of(alice).get(remove).status_code == 302


def test_an_expired_or_unreadable_one_is_reported(upload, url, alice, client_of, settings) -> None:
    upload(GATEPASS.pem())
    key = settings.CREDENTIAL_KEYS
    settings.CREDENTIAL_KEYS = ["bmV3IGtleSBmb3IgdGVzdHMgICAgICAgICAgICAgICA="]
    assert "None of the current CREDENTIAL_KEYS decrypts this certificate." in text_of(client_of(alice).get(url))
    settings.CREDENTIAL_KEYS = key
    SiteCertificate.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert "The certificate has expired" in text_of(client_of(alice).get(url))


def test_without_a_key_the_form_is_not_offered(url, alice, client_of, settings) -> None:
    settings.CREDENTIAL_KEYS = []
    page = text_of(client_of(alice).get(url))
    assert "set CREDENTIAL_KEYS" in page
    assert 'type="file"' not in page


def test_who_may_do_what(url, site, alice, bob, auditor, charlie, member, client_of) -> None:
    site_certificates.store_certificate(actor=alice, site=site, file=GATEPASS.pem())
    remove = reverse("client_certificate_remove", args=[site.pk])
    for person, status in ((auditor, 403), (charlie, 404), (member, 404)):
        client = client_of(person)
        assert client.get(url).status_code == status
        assert client.post(url, {"file": SimpleUploadedFile("x.pem", GATEPASS.pem())}).status_code == status
        assert client.post(remove).status_code == status
    assert client_of(bob).get(url).status_code == 200
    assert SiteCertificate.objects.filter(stored_by=alice).count() == 1


def test_a_site_hosted_by_gatepass_has_no_such_page(provided_site, administrator, client_of) -> None:
    assert client_of(administrator).get(reverse("client_certificate", args=[provided_site.pk])).status_code == 404


def test_the_edit_page_leads_to_it(site, url, alice, client_of) -> None:
    assert url in text_of(client_of(alice).get(reverse("site_edit", args=[site.pk])))


def test_no_other_page_export_or_api_shows_the_key(upload, site, administrator, client_of) -> None:
    upload(GATEPASS.pem())
    row, desk = SiteCertificate.objects.get(), client_of(administrator)
    pages = [
        reverse("site", args=[site.pk]), reverse("sites_export"), reverse("activity"), f"/api/v1/sites/{site.pk}",
        reverse("admin:rollout_sitecertificate_changelist"),
        reverse("admin:rollout_sitecertificate_change", args=[row.pk]),
    ]  # fmt: skip
    for page in pages:
        answer = desk.get(page)
        assert answer.status_code == 200, page
        body = b"".join(answer).decode()
        assert KEY_LINES[0] not in body
        assert row.sealed[:40] not in body, page
