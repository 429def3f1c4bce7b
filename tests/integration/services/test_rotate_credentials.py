"""The command that encrypts every stored secret with the first key."""

from __future__ import annotations

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.utils import timezone

from rollout.models import AuditEvent, SiteCredential, Webhook
from rollout.services import vault

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))
SECRET = "NjM0OTg3-a-token-ünïcode"


@pytest.fixture(autouse=True)
def _keys(settings) -> None:
    settings.CREDENTIAL_KEYS = [OLD]


def sealed_rows(site) -> tuple[SiteCredential, Webhook]:
    now = timezone.now()
    token = SiteCredential.objects.create(site=site, token=vault.seal(SECRET), stored_at=now)
    hook = Webhook.objects.create(
        name="Chat", url="https://chat.example.com", created_at=now, secret=vault.seal("one"), old_secret=""
    )
    return token, hook


def test_the_command_encrypts_all_secrets_again(site, settings) -> None:
    token, hook = sealed_rows(site)
    settings.CREDENTIAL_KEYS = [NEW, OLD]
    out = StringIO()
    call_command("rotate_credentials", stdout=out)
    assert "Encrypted with the first key: 2." in out.getvalue()
    settings.CREDENTIAL_KEYS = [NEW]
    token.refresh_from_db()
    hook.refresh_from_db()
    assert (vault.open_(token.token), vault.open_(hook.secret), hook.old_secret) == (SECRET, "one", "")
    assert AuditEvent.objects.get().action == "credentials.rotated"


def test_the_command_lists_secrets_that_no_key_decrypts(site, settings) -> None:
    token, _hook = sealed_rows(site)
    settings.CREDENTIAL_KEYS = [OTHER]
    stored = SiteCredential.objects.get(pk=token.pk).token
    with pytest.raises(CommandError, match=f"site credential #{token.pk}"):
        call_command("rotate_credentials", stdout=StringIO())
    assert SiteCredential.objects.get(pk=token.pk).token == stored


def test_the_command_needs_a_key(settings) -> None:
    settings.CREDENTIAL_KEYS = []
    with pytest.raises(CommandError, match="CREDENTIAL_KEYS is not set"):
        call_command("rotate_credentials", stdout=StringIO())
