"""The webhook pages: the secret shown once, the actions, the delivery log; and the example in the documentation."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from rollout.models import Webhook, WebhookDelivery
from rollout.notifications import signing
from rollout.services.notifications import deliveries, webhooks
from tests.support.paths import ROOT

pytestmark = pytest.mark.django_db
FORM = {"name": "Chat", "url": "https://chat.example.com/", "kinds": ["verdict"], "sites": ""}


@pytest.fixture
def browser(administrator, client_of):
    return client_of(administrator)


@pytest.fixture
def hook(administrator):
    return webhooks.create_webhook(
        actor=administrator, name="Chat", url="https://chat.example.com/", kinds=["verdict"]
    )[0]


def form_id(browser, url):
    return re.search(r'name="form_id" value="([^"]+)"', browser.get(url).content.decode())[1]


def test_it_works(browser, site):
    url = reverse("webhook_create")
    sent = {**FORM, "sites": site.base_url + "/", "form_id": form_id(browser, url)}
    answer = browser.post(url, sent)

    secret = re.search(r"whsec_[A-Za-z0-9+/=]+", answer.content.decode())[0]
    row = Webhook.objects.get()
    assert list(row.sites.all()) == [site]
    for page in ("webhook", "webhook_edit"):
        assert secret not in browser.get(reverse(page, args=[row.pk])).content.decode()
    assert browser.post(url, sent).status_code == 302, "a reload creates no second webhook"
    assert Webhook.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "http://chat.example.com/"), ("url", "https://x\x00y/"), ("name", "a\x00b"), ("name", ""),
        ("name", "x" * 81),
        ("kinds", "nonsense"), ("kinds", []), ("sites", "https://nowhere.example.com"), ("sites", "\x00"),
        ("url", "https://" + "x" * 600), ("kinds", "webhook"),
    ],
)  # fmt: skip
def test_invalid_values_are_rejected(browser, field, value):
    url = reverse("webhook_create")
    answer = browser.post(url, {**FORM, field: value, "form_id": form_id(browser, url)})

    assert answer.status_code == 422
    assert not Webhook.objects.exists()


def test_without_a_key_the_page_names_the_setting(browser, settings):
    settings.CREDENTIAL_KEYS = []
    assert "Set CREDENTIAL_KEYS" in browser.get(reverse("webhooks")).content.decode()
    assert browser.get(reverse("webhook_create")).status_code == 302


def test_actions(browser, hook):
    url = reverse("webhook", args=[hook.pk])
    assert "whsec_" in browser.post(url, {"do": "rotate", "form_id": form_id(browser, url)}).content.decode()
    browser.post(url, {"do": "pause"})
    assert not Webhook.objects.get().is_active
    assert browser.post(url, {"do": "test"}).status_code == 302
    assert not WebhookDelivery.objects.exists()
    browser.post(url, {"do": "resume"})
    browser.post(url, {"do": "test"})
    row = WebhookDelivery.objects.get()
    page = browser.get(reverse("webhook_delivery", args=[row.pk])).content.decode()
    assert "gatepass.test" in page
    WebhookDelivery.objects.update(
        state="failed", attempts=[{"at": timezone.now().isoformat(), "status": 302, "error": None, "elapsed_ms": 3}]
    )
    assert "302: redirect, not followed" in browser.get(reverse("webhook_delivery", args=[row.pk])).content.decode()
    browser.post(reverse("webhook_delivery", args=[row.pk]))
    assert WebhookDelivery.objects.get().state == "waiting"
    browser.post(url, {"do": "remove"})
    assert not Webhook.objects.exists()


def test_a_paused_webhook_shows_the_reason(browser, hook):
    webhooks.pause_webhook(actor=None, webhook=hook, because=deliveries.GONE)
    assert "410 Gone" in browser.get(reverse("webhook", args=[hook.pk])).content.decode()


def test_actions_need_the_csrf_token(administrator, hook):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(administrator)
    for url in (reverse("webhook", args=[hook.pk]), reverse("webhook_create"), reverse("my_notifications")):
        assert browser.post(url, {"do": "remove", **FORM}).status_code == 403
    assert Webhook.objects.count() == 1


def test_the_number_of_queries_does_not_depend_on_the_length_of_the_log(
    browser, administrator, hook, django_assert_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    deliveries.send_test(actor=administrator, webhook=hook)
    url = reverse("webhook", args=[hook.pk])
    browser.get(url)
    with CaptureQueriesContext(connection) as few:
        browser.get(url)
    for _ in range(20):
        deliveries.send_test(actor=administrator, webhook=hook)
    with CaptureQueriesContext(connection) as many:
        browser.get(url)
    assert len(many) == len(few)


def test_the_documentations_example_verifies_what_gatepass_signs():
    text = (ROOT / "docs" / "webhooks.md").read_text()
    names: dict = {}
    exec(re.search(r"```python\n(.*?)```", text, re.S)[1], names)
    secrets = [signing.secret_of(b"a" * 32), signing.secret_of(b"b" * 32)]
    now = int(timezone.now().timestamp())
    headers = signing.headers(secrets, message_id="m", timestamp=now, body=b"{}")

    verify = names["is_from_gatepass"]
    assert all(verify(secret, headers, b"{}") for secret in secrets)
    assert not verify(secrets[0], headers, b"{ }")
    assert not verify(signing.secret_of(b"c" * 32), headers, b"{}")
    assert not verify(secrets[0], {}, b"{}")
    old = signing.headers(secrets, message_id="m", timestamp=now - 301, body=b"{}")
    assert not verify(secrets[0], old, b"{}")
