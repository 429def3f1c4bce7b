"""Network settings on the site form: private CAs and the proxy. A private key is never stored or shown."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.urls import reverse

from rollout.models import AuditEvent, CheckRun, Site
from rollout.services.sites import create_site
from tests.support.certificates import LEAF, PRIVATE_KEY, ROOT

FIELDS = {"title": "Wiki", "product": "confluence", "base_url": "https://wiki.example.com", "people": "3", "notes": ""}


@pytest.fixture
def edit(site, alice, client_of):
    """``edit(**fields)`` submits the form of the site as its owner."""

    def post(**fields: Any) -> Any:
        return client_of(alice).post(reverse("site_edit", args=[site.pk]), FIELDS | fields)

    return post


def test_it_works(edit, site) -> None:
    CheckRun.objects.all().delete()
    Site.objects.update(mdm_verdict="READY_MDM")
    assert edit(ca_bundle=ROOT).status_code == 302
    site.refresh_from_db()
    assert site.ca_bundle == ROOT.strip()
    assert site.mdm_verdict == "READY_MDM"  # kept until the queued check finishes
    assert site.check_runs.count() == 1
    assert "ca_bundle" in AuditEvent.objects.get(action="site.changed").details["fields"]
    assert ROOT.splitlines()[1] not in str(list(AuditEvent.objects.values()))


def test_the_form_shows_what_is_set(edit, site, alice, client_of) -> None:
    edit(ca_bundle=ROOT)
    page = client_of(alice).get(reverse("site_edit", args=[site.pk])).content.decode()
    assert ROOT.splitlines()[1] in page.replace("&#x2F;", "/").replace("&#43;", "+")


@pytest.mark.parametrize(
    ("text", "message"),
    [("hello", "no certificate"), (LEAF, "neither a CA certificate"), (ROOT[:-30], "with its BEGIN and END lines")],
)
def test_invalid_ca_certificates_are_rejected(edit, site, text: str, message: str) -> None:
    answer = edit(ca_bundle=text)
    assert answer.status_code == 422
    assert message in answer.content.decode()
    site.refresh_from_db()
    assert site.ca_bundle == ""


@pytest.mark.parametrize("around", ["%s", ROOT + "%s", "%s" + ROOT, LEAF + "%s"])
def test_a_private_key_is_neither_stored_nor_shown(edit, site, caplog, around: str) -> None:
    caplog.set_level(logging.DEBUG)
    answer = edit(ca_bundle=around % PRIVATE_KEY)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "contains a private key" in page
    secret = PRIVATE_KEY.splitlines()[1]
    assert secret not in page
    assert secret not in caplog.text
    site.refresh_from_db()
    assert site.ca_bundle == ""


def test_the_proxy_is_offered_only_where_there_is_one(edit, site, alice, client_of, settings) -> None:
    url = reverse("site_edit", args=[site.pk])
    settings.PROBE_PROXY = ""
    assert "through_proxy" not in client_of(alice).get(url).content.decode()
    edit(through_proxy="on")
    site.refresh_from_db()
    assert site.through_proxy is False
    settings.PROBE_PROXY = "http://proxy.example.com:3128"
    page = client_of(alice).get(url).content.decode()
    assert "through_proxy" in page
    assert "proxy.example.com" not in page
    edit(through_proxy="on")
    site.refresh_from_db()
    assert site.through_proxy is True


def test_a_new_site_can_have_a_private_ca(administrator, client_of) -> None:
    answer = client_of(administrator).post(
        reverse("site_create"), FIELDS | {"provider": "confluence", "ca_bundle": ROOT}
    )
    assert answer.status_code == 302
    assert Site.objects.get().ca_bundle == ROOT.strip()


def test_a_hosted_site_has_no_network_settings(administrator, client_of) -> None:
    site = create_site(actor=administrator, title="Pilot", provider="gatepass", slug="pilot")
    page = client_of(administrator).get(reverse("site_edit", args=[site.pk])).content.decode()
    assert "ca_bundle" not in page
