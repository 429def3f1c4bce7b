"""Client certificates of sites: sealed, replaced, removed, presented to their own site only, and never in a log."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from rollout.models import AuditEvent, CheckRun, RunState, Site, SiteCertificate
from rollout.services import site_certificates, sites
from rollout.services.checks import check_runs
from rollout.services.credential_keys import rotate_credentials
from rollout.services.sealed_certificates import open_certificates
from tests.support.client_certificates import PASSWORD, Identity, authority

CA = authority()
GATEPASS = Identity("gatepass@example.com", CA)
NEW_KEY = "bmV3IGtleSBmb3IgdGVzdHMgICAgICAgICAgICAgICA="


@pytest.fixture
def wiki(make_site, alice) -> Site:
    return make_site([alice], title="Wiki", base_url="https://wiki.example.com")


def store(actor: Any, site: Site, file: bytes = b"", password: str = "") -> SiteCertificate:
    return site_certificates.store_certificate(actor=actor, site=site, file=file or GATEPASS.pem(), password=password)


def everything_stored() -> str:
    """All text in all tables of ours."""
    with connection.cursor() as cursor:
        texts = []
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("rollout_", "portal_", "django_session")):
                cursor.execute(f"SELECT * FROM {table}")
                texts += [str(row) for row in cursor.fetchall()]
    return "\n".join(texts)


def test_it_works(alice, wiki, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    row = store(alice, wiki, GATEPASS.pkcs12(), PASSWORD)
    assert (row.subject, row.issuer, row.stored_by) == ("gatepass@example.com", "Example client CA", alice)
    (pem,) = open_certificates([wiki.pk]).values()
    assert GATEPASS.certificate_pem in pem
    secrets = [line for line in GATEPASS.key_pem().splitlines() if "-----" not in line]
    assert secrets[0] in pem
    for text in (everything_stored(), caplog.text, repr(row)):
        assert secrets[0] not in text
        assert PASSWORD not in text


def test_storing_queues_a_check_and_is_audited(alice, wiki) -> None:
    store(alice, wiki)
    store(alice, wiki, Identity("second", CA).pem())
    assert SiteCertificate.objects.get(site=wiki).subject == "second"
    assert wiki.check_runs.filter(state=RunState.QUEUED, urgent=True).count() == 1
    actions = AuditEvent.objects.filter(action__startswith="certificate.").order_by("number")
    assert [(event.action, event.target_label, event.details) for event in actions] == [
        ("certificate.stored", "Wiki", {}), ("certificate.replaced", "Wiki", {}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "password", "field"),
    [
        (b"hello", "", "file"),
        (GATEPASS.pkcs12(), "", "password"),
        (GATEPASS.pkcs12(), "wrong", "password"),
        (GATEPASS.certificate_pem.encode(), "", "file"),
        (Identity("old", CA, days=(-9, -1)).pem(), "", "file"),
    ],
)
def test_an_unusable_file_changes_nothing(alice, wiki, file, password, field) -> None:
    store(alice, wiki)
    events = AuditEvent.objects.count()
    with pytest.raises(ValidationError) as caught:
        store(alice, wiki, file, password)
    assert list(caught.value.message_dict) == [field]
    assert SiteCertificate.objects.get().subject == "gatepass@example.com"
    assert AuditEvent.objects.count() == events


def test_without_a_key_nothing_is_stored(alice, wiki, settings) -> None:
    settings.CREDENTIAL_KEYS = []
    with pytest.raises(ValidationError, match="CREDENTIAL_KEYS"):
        store(alice, wiki)
    assert not SiteCertificate.objects.exists()


def test_removing_queues_a_check_and_is_audited_once(alice, wiki) -> None:
    store(alice, wiki)
    CheckRun.objects.all().delete()
    assert site_certificates.remove_certificate(actor=alice, site=wiki)
    assert not site_certificates.remove_certificate(actor=alice, site=wiki)
    assert wiki.check_runs.count() == 1
    assert AuditEvent.objects.filter(action="certificate.removed").count() == 1


def test_another_base_url_removes_it(alice, wiki) -> None:
    """The new URL may belong to a server of another person."""
    store(alice, wiki)
    sites.update_site(actor=alice, site=wiki, title="Renamed")
    assert SiteCertificate.objects.exists()
    sites.update_site(actor=alice, site=wiki, base_url="https://elsewhere.example.com")
    assert not SiteCertificate.objects.exists()
    assert AuditEvent.objects.filter(action="certificate.removed").count() == 1


def test_a_copied_row_is_not_presented_to_another_site(alice, wiki, make_site, caplog) -> None:
    sealed = store(alice, wiki).sealed
    other = make_site(title="Other", base_url="https://other.example.com")
    row = store(alice, other)
    SiteCertificate.objects.filter(pk=row.pk).update(sealed=sealed)
    assert list(open_certificates([wiki.pk, other.pk])) == [wiki.pk]
    assert not site_certificates.is_usable(SiteCertificate.objects.get(pk=row.pk))


def test_only_its_own_site_gets_it(alice, wiki, make_site) -> None:
    store(alice, wiki)
    other = make_site(title="Other", base_url="https://other.example.com")
    runs = [check_runs.request_check(site=site, actor=alice, trigger="button") for site in (wiki, other)]
    targets = check_runs.targets_of(runs)
    assert GATEPASS.certificate_pem in targets[runs[0].pk].client_certificate
    assert targets[runs[1].pk].client_certificate == ""
    assert "PRIVATE KEY" not in repr(targets)


def test_the_number_of_queries_does_not_grow(alice, make_site, django_assert_num_queries) -> None:
    runs = []
    for number in range(5):
        site = make_site(title=f"Site {number}", base_url=f"https://{number}.example.com")
        store(alice, site)
        runs.append(CheckRun.objects.select_related("site").get(site=site))
    with django_assert_num_queries(3):
        assert len({target.client_certificate for target in check_runs.targets_of(runs).values()}) == 1


def test_a_new_key_can_replace_the_old_one(alice, wiki, settings) -> None:
    store(alice, wiki)
    settings.CREDENTIAL_KEYS = [NEW_KEY, *settings.CREDENTIAL_KEYS]
    assert rotate_credentials(actor=None).lost == ()
    settings.CREDENTIAL_KEYS = [NEW_KEY]
    assert GATEPASS.certificate_pem in open_certificates([wiki.pk])[wiki.pk]


def test_without_its_key_a_check_runs_without_the_certificate(alice, wiki, settings) -> None:
    row = store(alice, wiki)
    settings.CREDENTIAL_KEYS = [NEW_KEY]
    assert open_certificates([wiki.pk]) == {}
    assert not site_certificates.is_usable(row)


def test_a_site_hosted_by_gatepass_takes_none(alice, provided_site) -> None:
    with pytest.raises(ValidationError):
        store(alice, provided_site)
