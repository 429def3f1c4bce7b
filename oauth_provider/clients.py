"""Register and remove OAuth clients (implements ``rollout.ports.ClientRegistry``)."""

from __future__ import annotations

from django.db import transaction
from oauth2_provider.models import get_refresh_token_model

from .models import Client, RemovedClient
from .tokens.sign_outs import sign_out_client


def register_client(*, name: str, redirect_uri: str) -> str:
    """Create a public client with the authorization code grant, limited to realms that list it; return its client ID.

    Raises ValidationError unless the redirect URI is exactly an app's. Runs in the caller's transaction.
    """
    client = Client(name=name[:255], redirect_uris=redirect_uri, needs_realm=True)
    client.full_clean()
    client.save()
    return client.client_id


def end_sign_ins(*, client_id: str) -> int:
    """End every sign-in of the client and delete its codes; return how many had not ended yet, 0 if unknown.

    A worker ends many. Until then ``has_sign_ins`` is True, and the caller keeps the client out of its realm.
    """
    with transaction.atomic():
        client = Client.objects.filter(client_id=client_id).first()
        return sign_out_client(client).phones if client else 0


def has_sign_ins(*, client_id: str) -> bool:
    """Return whether a sign-in of the client has not ended."""
    return get_refresh_token_model().objects.filter(application__client_id=client_id, revoked=None).exists()


def remove_client(*, client_id: str) -> int:
    """Delete the client with its codes and tokens, keeping its client ID as that of a removed client.

    A worker deletes many; the caller keeps the client out of its realm from now on. Returns how many sign-ins had not
    ended, 0 if the client is unknown.
    """
    with transaction.atomic():
        client = Client.objects.select_for_update(no_key=True).filter(client_id=client_id).first()
        if client is None:
            return 0
        RemovedClient.objects.get_or_create(client_id=client_id)
        return sign_out_client(client).phones
