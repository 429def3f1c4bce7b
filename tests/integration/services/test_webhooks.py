"""Creating, changing, pausing and deleting webhooks; secrets are shown once and stored encrypted."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError

from rollout.models import AuditEvent, Webhook
from rollout.services.notifications import webhooks

pytestmark = pytest.mark.django_db
URL = "https://chat.example.com/hooks/token-in-the-path"


def test_it_works(administrator, site):
    _row, secret = webhooks.create_webhook(actor=administrator, name="Chat", url=URL, kinds=["verdict"], sites=[site])

    assert secret.startswith("whsec_")
    stored = Webhook.objects.get()
    assert secret not in stored.secret
    assert secret.removeprefix("whsec_") not in stored.secret
    assert list(stored.sites.all()) == [site]
    assert AuditEvent.objects.get(action="webhook.created").target_label == "Chat"


@pytest.mark.parametrize(
    "url",
    [
        "", "chat.example.com", "http://chat.example.com/", "ftp://chat.example.com/", "https:///x",
        "javascript:alert(1)", "https://user:password@chat.example.com/", "https://chat.example.com/#x",
        "https://chat.example.com/a b",
        "https://chat.example.com/\x00", "https://bücher.example/", "https://[::1", "https://chat.example.com:99999/",
        "https://chat.example.com/" + "x" * 500,
    ],
)  # fmt: skip
def test_an_invalid_url_is_rejected(administrator, url):
    with pytest.raises(ValidationError) as caught:
        webhooks.create_webhook(actor=administrator, name="Chat", url=url, kinds=["verdict"])

    assert "url" in caught.value.message_dict
    assert not Webhook.objects.exists()


def test_plain_http_is_allowed_on_this_machine_in_a_trial_only(administrator, settings):
    webhooks.create_webhook(actor=administrator, name="Chat", url="http://127.0.0.1:9/", kinds=["verdict"])
    settings.PROBE_ALLOW_LOOPBACK = False
    with pytest.raises(ValidationError):
        webhooks.create_webhook(actor=administrator, name="Chat", url="http://127.0.0.1:9/", kinds=["verdict"])


def test_without_a_key_none_can_be_created(administrator, settings):
    settings.CREDENTIAL_KEYS = []
    with pytest.raises(ValidationError, match="CREDENTIAL_KEYS"):
        webhooks.create_webhook(actor=administrator, name="Chat", url=URL, kinds=["verdict"])


def test_no_secret_is_in_the_audit_log(administrator):
    row, secret = webhooks.create_webhook(actor=administrator, name="Chat", url=URL, kinds=["verdict"])
    fresh = webhooks.rotate_secret(actor=administrator, webhook=row)
    webhooks.change_webhook(actor=administrator, webhook=row, name="Chat", url=URL + "2", kinds=["sweep"], sites=[])
    webhooks.pause_webhook(actor=administrator, webhook=row)
    webhooks.resume_webhook(actor=administrator, webhook=row)
    webhooks.remove_webhook(actor=administrator, webhook=row)

    trail = json.dumps(list(AuditEvent.objects.values("action", "target_label", "details")))
    assert not any(word in trail for word in (secret, fresh, "token-in-the-path"))
    actions = list(AuditEvent.objects.order_by("number").values_list("action", flat=True))
    assert actions == [f"webhook.{what}" for what in ("created", "rotated", "changed", "paused", "resumed", "removed")]


def test_saving_without_changes_records_no_event(administrator):
    row, _secret = webhooks.create_webhook(actor=administrator, name="Chat", url=URL, kinds=["verdict"])
    webhooks.change_webhook(actor=administrator, webhook=row, name="Chat", url=URL, kinds=["verdict"], sites=[])

    assert not AuditEvent.objects.filter(action="webhook.changed").exists()
