"""Fills a fresh database for the races and prints what phones would hold.

`python -m tests.support.race_portal COUNT` writes one JSON object: ``client_id``, ``codes`` not redeemed
yet, and ``refresh_tokens`` of a family each.
"""

from __future__ import annotations

import json
import secrets
import sys
from datetime import timedelta

import django

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 Appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def main(count: int) -> None:
    django.setup()
    from django.core.management import call_command
    from django.utils import timezone
    from oauth2_provider.models import get_grant_model

    from oauth_provider.models import Client
    from oauth_provider.tokens.redemption import Redemption, redeem_code
    from oauth_provider.tokens.token_format import digest
    from portal.models import User

    call_command("migrate", verbosity=0)
    person = User.objects.filter(email="person@example.com").first() or User.objects.create_user("person@example.com")
    client = Client.objects.create(name="race", redirect_uris="confluence-server://oauth-callback")
    codes = [secrets.token_urlsafe(32) for _ in range(2 * count)]
    get_grant_model().objects.bulk_create(
        [
            get_grant_model()(
                user=person,
                application=client,
                code=digest(code),
                expires=timezone.now() + timedelta(hours=1),
                redirect_uri="confluence-server://oauth-callback",
                scope="WRITE",
                code_challenge=CHALLENGE,
                code_challenge_method="S256",
            )
            for code in codes
        ]
    )
    issued = [redeem_code(client, Redemption(code, VERIFIER, None)) for code in codes[count:]]
    refresh_tokens = [one.pair.refresh_token for one in issued if one]
    print(json.dumps({"client_id": client.client_id, "codes": codes[:count], "refresh_tokens": refresh_tokens}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
