"""Control process of the conformance tests: runs functions on the database of the tested portal.

Reads one JSON object per line, ``{"do": name, …}``, calls ``do_<name>`` and writes the result as one line of JSON.
"""

from __future__ import annotations

import json
import secrets
import sys
from datetime import timedelta
from typing import Any

import django

REDIRECT_URI = "confluence-server://oauth-callback"


def main() -> None:
    django.setup()
    for line in sys.stdin:
        call = json.loads(line)
        print(json.dumps(globals()[f"do_{call.pop('do')}"](**call)), flush=True)


def do_migrate() -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def do_site(slug: str) -> dict[str, Any]:
    """Create a site hosted by Gatepass with a link, and a resource server that may introspect its tokens."""
    from django.conf import settings
    from django.utils import timezone

    from oauth_provider.resource_servers import create_resource_server
    from rollout.models import Site

    now, base_url = timezone.now(), f"{settings.PUBLIC_URL}/at/{slug}"
    Site.objects.create(
        title=slug,
        slug=slug,
        provider="gatepass",
        product="confluence",
        base_url=base_url,
        created_at=now,
        updated_at=now,
    )
    _server, credential = create_resource_server(name="conformance", issuer=base_url)
    return {
        "issuer": base_url,
        "client_id": do_client(slug=slug, origin="wizard"),
        "server": [credential.client_id, credential.secret],
    }


def do_client(slug: str, origin: str = "switch") -> str:
    """Create a client of the site that replaces an earlier one of the same origin."""
    from django.utils import timezone

    from oauth_provider.clients import register_client
    from rollout.models import ApplicationLink, Site

    site = Site.objects.get(slug=slug)
    client_id = register_client(name="conformance", redirect_uri=REDIRECT_URI)
    site.links.active().filter(origin=origin).update(revoked_at=timezone.now())
    ApplicationLink.objects.create(
        site=site, client_id=client_id, origin=origin, redirect_url=REDIRECT_URI, created_at=timezone.now()
    )
    return client_id


def do_person(email: str) -> str:
    """Create or reactivate a person, sign them in and return the session cookie."""
    from django.conf import settings
    from django.test import Client

    from portal.models import User

    person = User.objects.filter(email=email).first() or User.objects.create_user(email)
    User.objects.filter(pk=person.pk).update(is_active=True)
    client = Client()
    client.force_login(User.objects.get(pk=person.pk))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def do_deactivate(email: str) -> None:
    from portal.models import User

    User.objects.filter(email=email).update(is_active=False)


def do_change_password(email: str) -> None:
    """Store another password, as the password page does."""
    from portal.models import User

    person = User.objects.get(email=email)
    person.set_password("another horse with a longer name")
    person.save()


def do_sign_out_phones(email: str) -> None:
    from oauth_provider.tokens.sessions import end_all_sessions
    from portal.models import User

    end_all_sessions(User.objects.get(email=email))


def do_revoke_client(client_id: str) -> None:
    from oauth_provider.clients import remove_client

    remove_client(client_id=client_id)


def do_register_second_redirect(client_id: str) -> None:
    from oauth_provider.models import Client

    Client.objects.filter(client_id=client_id).update(redirect_uris=f"{REDIRECT_URI} jira-server://oauth-callback")


def do_expire_codes() -> None:
    from django.utils import timezone
    from oauth2_provider.models import get_grant_model

    get_grant_model().objects.update(expires=timezone.now() - timedelta(seconds=1))


def do_forget_challenges() -> None:
    from oauth2_provider.models import get_grant_model

    get_grant_model().objects.update(code_challenge="", code_challenge_method="")


def do_code_lifetime() -> float:
    """Return the remaining lifetime of the newest code in seconds."""
    from django.utils import timezone
    from oauth2_provider.models import get_grant_model

    return (get_grant_model().objects.latest("pk").expires - timezone.now()).total_seconds()


def do_age(field: str, days: int) -> None:
    """Age all refresh tokens: ``updated`` is the last use, ``created`` the sign-in.

    SQLite has no interval type, so each row is updated separately.
    """
    from oauth2_provider.models import get_refresh_token_model

    model = get_refresh_token_model()
    for row in model.objects.all():
        model.objects.filter(pk=row.pk).update(**{field: getattr(row, field) - timedelta(days=days)})


def do_expire_access_tokens() -> None:
    from django.utils import timezone
    from oauth2_provider.models import get_access_token_model

    get_access_token_model().objects.update(expires=timezone.now() - timedelta(seconds=1))


def do_codes(count: int, challenge: str) -> dict[str, Any]:
    """Create a client of the root issuer and authorization codes for it."""
    from django.utils import timezone
    from oauth2_provider.models import get_grant_model

    from oauth_provider.models import Client
    from oauth_provider.tokens.token_format import digest
    from portal.models import User

    person = User.objects.filter(email="racer@example.com").first() or User.objects.create_user("racer@example.com")
    client = Client.objects.create(name="race", redirect_uris=REDIRECT_URI)
    codes = [secrets.token_urlsafe(32) for _ in range(count)]
    grant = get_grant_model()
    grant.objects.bulk_create(
        grant(
            user=person,
            application=client,
            code=digest(code),
            expires=timezone.now() + timedelta(hours=1),
            redirect_uri=REDIRECT_URI,
            scope="WRITE",
            code_challenge=challenge,
            code_challenge_method="S256",
        )
        for code in codes
    )
    return {"client_id": client.client_id, "codes": codes}


def do_first_form(refresh_tokens: list[str]) -> list[str]:
    """Replace these tokens by ones that a version before 0.1.0 could have issued, and return them."""
    import secrets
    import string
    from uuid import uuid4

    from oauth2_provider.models import RefreshToken

    from oauth_provider.models import Device
    from oauth_provider.tokens.token_format import digest

    replaced = []
    for token in refresh_tokens:
        replaced.append("".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(30)))
        rows = RefreshToken.objects.filter(token_checksum=digest(token))
        Device.objects.filter(refresh_token__in=rows).delete()
        rows.update(token_checksum=digest(replaced[-1]), token_family=uuid4())
    return replaced


def do_redeem(client_id: str, codes: list[str], verifier: str) -> list[str]:
    """Redeem the codes and return the refresh tokens."""
    from oauth_provider.models import Client
    from oauth_provider.tokens.redemption import Redemption, redeem_code

    client = Client.objects.get(client_id=client_id)
    issued = [redeem_code(client, Redemption(code, verifier, None)) for code in codes]
    return [one.pair.refresh_token for one in issued if one]


if __name__ == "__main__":
    main()
