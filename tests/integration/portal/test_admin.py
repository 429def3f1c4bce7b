"""Django admin: all models readable, actions through services, no secrets, no changes by hand."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from rollout.admin import ReadOnlyAdmin
from rollout.models import AuditEvent, CheckRun, EnrollmentPass, WebhookDelivery
from rollout.services.links import create_link
from rollout.services.passes import issue_pass
from rollout.services.sites import create_site
from rollout.simulator.fleet import SimulatedFleet
from tests.support.check_runs import run_queued_checks

pytestmark = pytest.mark.django_db
MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in MODELS if model._meta.app_label in {"rollout", "portal"}]

NAIVE_PLURAL = re.compile(r"([^aeiou]ys|(s|x|z|ch|sh)s)$", re.IGNORECASE)
SPELLINGS = {
    spelling.lower(): spelling
    for spelling in ("MDM", "OAuth", "OIDC", "URL", "URLs", "ID", "IDs", "CA", "IP", "QR", "CSV", "TLS", "SHA", "PEM")
}
WRONG_WORDS = re.compile(r"\b(uri|uris|pk|verdict|rehearsal|sweep|sign ins?)\b", re.IGNORECASE)


@pytest.fixture
def operator(client_of, administrator):
    return client_of(administrator)


@pytest.fixture
def rows(administrator):
    """Create a row of most models. Returns the secrets that no page may show."""
    with SimulatedFleet(["too-old"]) as fleet:
        site = create_site(actor=administrator, title="Wiki", base_url=fleet.base_url("too-old"))
        run_queued_checks()
    create_link(actor=administrator, site=site, redirect_url="confluence-server://oauth-callback", client_id="abc")
    row, token = issue_pass(
        actor=administrator, label="Team", sites=[site], expires_at=timezone.now() + timedelta(days=1)
    )
    return [row.token_digest, token, administrator.password]


def changelist(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def test_all_our_models_are_registered():
    names = {model._meta.object_name for model in MODELS}
    assert names >= {
        "Site", "ApplicationLink", "CheckRun", "ConfigurationRelease", "Wave", "EnrollmentPass",
        "Enrollment", "SignIn", "Rehearsal", "AuditEvent", "User", "SignInLink", "Client",
        "Grant", "AccessToken", "RefreshToken", "Device", "ResourceServer", "SignOut", "InventoryImport",
    }  # fmt: skip


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_lists_searches_and_rows_open_without_secrets(operator, rows, model):
    pages = [changelist(model), changelist(model) + "?q=wiki"]
    pages += [f"{changelist(model)}{row.pk}/change/" for row in model._default_manager.all()[:2]]
    for page in pages:
        answer = operator.get(page)
        assert answer.status_code == 200, page
        for secret in rows:
            assert secret not in answer.content.decode()


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_nothing_is_added_or_deleted_by_hand(operator, rows, model):
    assert operator.get(changelist(model) + "add/").status_code == 403
    row = model._default_manager.first()
    if row is not None:
        assert operator.post(f"{changelist(model)}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        assert model._default_manager.filter(pk=row.pk).exists()


def wrong_words(label):
    """Words of a label that are misspelled acronyms or internal names."""
    words = re.findall(r"[A-Za-z]+", label)
    acronyms = [word for word in words if word.lower() in SPELLINGS and word != SPELLINGS[word.lower()]]
    return acronyms + WRONG_WORDS.findall(label)


def test_wrong_words_are_found():
    assert wrong_words("Mdm verdict") == ["Mdm", "verdict"]
    assert wrong_words("Client id") == ["id"]
    assert wrong_words("Sign ins") == ["Sign ins"]
    assert wrong_words("MDM setup status, OAuth client ID, sign-in") == []
    assert NAIVE_PLURAL.search("webhook deliverys")
    assert NAIVE_PLURAL.search("matrixs")
    assert not NAIVE_PLURAL.search("webhook deliveries")
    assert not NAIVE_PLURAL.search("credential keys")


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_names_of_models(model):
    singular, plural = str(model._meta.verbose_name), str(model._meta.verbose_name_plural)
    assert not NAIVE_PLURAL.search(plural)
    assert singular != plural
    assert wrong_words(singular) + wrong_words(plural) == []


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_labels_of_columns_filters_and_fields(model, rf, administrator):
    model_admin = admin.site.get_model_admin(model)
    request = rf.get("/")
    request.user = administrator
    fields = flatten_fieldsets(model_admin.get_fieldsets(request, model()))
    assert fields
    for name in [*model_admin.get_list_display(request), *fields]:
        label = capfirst(str(label_for_field(name, model, model_admin)))
        assert label, name
        assert wrong_words(label) == [], name


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_column_of_a_list_has_a_header(operator, rows, model):
    page = operator.get(changelist(model)).content.decode()
    headers = re.findall(r'<th scope="col"(.*?)</th>', page, re.DOTALL)
    assert all(
        re.sub(r"<[^>]*>", "", header.partition(">")[2]).strip() for header in headers if "checkbox" not in header
    )
    assert headers or not model._default_manager.exists()


def test_names_that_django_cannot_guess():
    from rollout.models import SignIn, Site

    assert WebhookDelivery._meta.verbose_name_plural == "webhook deliveries"
    assert SignIn._meta.verbose_name_plural == "sign-ins"
    assert Site._meta.get_field("mdm_verdict").verbose_name == "MDM setup status"


def test_a_read_only_row_shows_fields_that_no_form_has(operator, rows):
    from rollout.models import Site

    page = operator.get(f"{changelist(Site)}{Site.objects.get().pk}/change/").content.decode()
    assert "Non-MDM setup status:" in page
    assert "Last checked:" in page
    assert 'name="title"' not in page


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_fields_of_read_only_models_are_read_only(model, rf, administrator):
    model_admin = admin.site.get_model_admin(model)
    if isinstance(model_admin, ReadOnlyAdmin):
        request = rf.get("/")
        request.user = administrator
        assert set(flatten_fieldsets(model_admin.get_fieldsets(request))) <= set(
            model_admin.get_readonly_fields(request)
        )


def act(client, model, action):
    chosen = list(model._default_manager.values_list("pk", flat=True))
    return client.post(changelist(model), {"action": action, "_selected_action": chosen})


def test_the_actions_call_the_services(operator, rows, administrator):
    from rollout.models import ApplicationLink, Site

    assert act(operator, Site, "reevaluate").status_code == 302
    assert AuditEvent.objects.filter(action="checks.rejudged", details__sites=1).count() == 1
    assert act(operator, Site, "check_now").status_code == 302
    assert CheckRun.objects.filter(state="queued", requested_by=administrator).count() == 1
    act(operator, ApplicationLink, "revoke")
    assert not ApplicationLink.objects.active().exists()
    act(operator, EnrollmentPass, "revoke")
    assert EnrollmentPass.objects.get().revoked_at
    assert AuditEvent.objects.filter(action__in=["link.revoked", "pass.revoked"]).count() == 2


def test_an_action_on_too_many_rows_changes_none(operator, rows, monkeypatch):
    from rollout import admin as pages

    monkeypatch.setattr(pages, "ROWS_AT_ONCE", 0)
    chosen = list(EnrollmentPass.objects.values_list("pk", flat=True))
    form = {"action": "revoke", "_selected_action": chosen, "select_across": "1", "index": "0"}
    answer = operator.post(changelist(EnrollmentPass), form, follow=True)
    assert "Nothing was changed. Select at most 0 rows" in answer.text
    assert not EnrollmentPass.objects.get().revoked_at


@pytest.mark.parametrize("role", ["member", "alice", "auditor"])
def test_only_staff_can_open_the_admin_site(request, client_of, role):
    client = client_of(request.getfixturevalue(role))
    assert client.get("/admin/").status_code in {302, 403, 404}


def test_staff_without_the_role_can_only_read(make_user, client_of, rows):
    from rollout.models import Site

    staff = make_user("auditor", is_staff=True, is_superuser=True)
    client = client_of(staff)
    assert client.get(changelist(Site)).status_code == 200
    act(client, Site, "check_now")
    assert not CheckRun.objects.filter(state="queued").exists()


def test_provider_models_can_only_be_read_and_revoked(make_user, operator, client_of, administrator, rows):
    from oauth2_provider.models import get_refresh_token_model

    from oauth_provider.models import ResourceServer
    from portal.provided_sites.gateway_credentials import create_credential
    from rollout.models import Site

    create_credential(actor=administrator, site=Site.objects.get())
    server = ResourceServer.objects.get()
    page = f"{changelist(ResourceServer)}{server.pk}/"
    assert operator.post(f"{page}change/", {"name": "Other"}).status_code == 403
    staff = client_of(make_user("auditor", is_staff=True, is_superuser=True))
    assert staff.post(f"{page}delete/", {"post": "yes"}).status_code == 403
    for client, acts in ((operator, True), (staff, False)):
        assert bool(client.get(changelist(get_refresh_token_model())).context["action_form"]) is acts
    assert ResourceServer.objects.get().name == server.name
    assert operator.post(f"{page}delete/", {"post": "yes"}).status_code == 302
    assert not ResourceServer.objects.exists()


def test_tokens_are_shown_without_their_value(operator, administrator):
    from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

    from oauth_provider.models import Client

    client = Client.objects.create(name="App", redirect_uris="confluence-server://oauth-callback")
    common = {"user": administrator, "application": client}
    expires = timezone.now() + timedelta(hours=1)
    rows = [
        get_access_token_model().objects.create(token="access-secret", scope="WRITE", expires=expires, **common),
        get_refresh_token_model().objects.create(token="refresh-secret", **common),
        get_grant_model().objects.create(code="code-secret", redirect_uri="x://y", expires=expires, **common),
    ]
    for row in rows:
        for page in (changelist(type(row)), f"{changelist(type(row))}{row.pk}/change/"):
            text = operator.get(page).content.decode()
            assert "-secret" not in text
            assert "App" in text


def test_the_admin_login_redirects_to_the_sign_in_page(client):
    answer = client.get("/admin/login/")
    assert answer.status_code == 302
    assert answer.url.startswith("/accounts/login/")


def test_second_factors_are_shown_without_their_secret(operator, administrator):
    factor = Authenticator.objects.create(user=administrator, type="totp", data={"secret": "JBSWY3DPEHPK3PXP"})
    page = operator.get(f"/admin/mfa/authenticator/{factor.pk}/change/")
    assert page.status_code == 200
    assert "JBSWY3DPEHPK3PXP" not in page.content.decode()
    assert operator.post(f"/admin/mfa/authenticator/{factor.pk}/change/", {"type": "totp"}).status_code == 403
    for model in ("account/emailaddress", "oauth2_provider/idtoken", "auth/group"):
        assert operator.get(f"/admin/{model}/").status_code == 404
