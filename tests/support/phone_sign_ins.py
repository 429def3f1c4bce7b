"""Create the database rows of many app sign-ins at once."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone
from oauth2_provider.models import get_access_token_model, get_refresh_token_model

from oauth_provider.models import Client, Device
from portal.models import User
from rollout.models import Site


def sign_in_phones(site: Site, people: Sequence[User], **device: str) -> None:
    """Sign in one phone for each of ``people`` (may repeat) on a site hosted by Gatepass; ``device``: Device fields."""
    client = Client.objects.get(client_id=site.links.active().get().client_id)
    expires = timezone.now() + timedelta(hours=1)
    AccessToken, RefreshToken = get_access_token_model(), get_refresh_token_model()  # noqa: N806  (models)
    access = AccessToken.objects.bulk_create(
        AccessToken(user=user, application=client, token_checksum=uuid.uuid4().hex, expires=expires) for user in people
    )
    tokens = RefreshToken.objects.bulk_create(
        RefreshToken(
            user=row.user,
            application=client,
            token_checksum=uuid.uuid4().hex,
            access_token=row,
            token_family=uuid.uuid4(),
        )
        for row in access
    )
    Device.objects.bulk_create(Device(refresh_token=token, **device) for token in tokens)
