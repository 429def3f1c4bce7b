"""Register and remove OAuth clients (implements ``rollout.ports.ClientRegistry``)."""

from __future__ import annotations

from django.db import transaction
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from .models import Client, RemovedClient
from .tokens import redemption


def register_client(*, name: str, redirect_uri: str) -> str:
    """Create a public client with the authorization code grant, limited to realms that list it; return its client ID.

    Raises ValidationError unless the redirect URI is exactly an app's. Runs in the caller's transaction.
    """
    client = Client(name=name[:255], redirect_uris=redirect_uri, needs_realm=True)
    client.full_clean()
    client.save()
    return client.client_id


def end_sign_ins(*, client_id: str) -> int:
    """End every sign-in of the client and delete its codes; return how many had not ended yet, 0 if unknown."""
    with transaction.atomic():
        client = Client.objects.filter(client_id=client_id).first()
        if client is None:
            return 0
        get_grant_model().objects.filter(application=client).delete()
        ended = redemption.end_rows(get_refresh_token_model().objects.filter(application=client, revoked=None))
        get_access_token_model().objects.filter(application=client).delete()
    return ended


def remove_client(*, client_id: str) -> int:
    """Delete the client with its codes and tokens, keeping its client ID as that of a removed client.

    Returns how many refresh tokens were not revoked, 0 if the client is unknown.
    """
    with transaction.atomic():
        client = Client.objects.select_for_update(no_key=True).filter(client_id=client_id).first()
        if client is None:
            return 0
        refresh_tokens = get_refresh_token_model().objects.filter(application=client)
        ended = refresh_tokens.filter(revoked=None).count()
        get_grant_model().objects.filter(application=client).delete()
        get_access_token_model().objects.filter(application=client).delete()
        refresh_tokens.delete()
        client.delete()
        RemovedClient.objects.get_or_create(client_id=client_id)
    return ended
