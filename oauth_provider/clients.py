"""The register of OAuth clients, for whoever owns the sites (``rollout.ports.ClientRegistry``)."""

from __future__ import annotations

from django.db import transaction
from oauth2_provider.models import get_access_token_model, get_grant_model, get_refresh_token_model

from .models import Client


def register_client(*, name: str, redirect_uri: str) -> str:
    """Make a public authorization code client that answers only in a realm that lists it; return its client ID.

    Raises ValidationError for a redirect URI that is not exactly the app's. Runs in the caller's transaction.
    """
    client = Client(name=name[:255], redirect_uris=redirect_uri, needs_realm=True)
    client.full_clean()
    client.save()
    return client.client_id


def remove_client(*, client_id: str) -> int:
    """Delete the client and every code and token of it; return how many refresh tokens ended. Unknown: 0."""
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
    return ended
