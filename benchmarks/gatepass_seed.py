"""Prepares Gatepass's database and prints the facts for the load generator as JSON: `… gatepass_seed OTHERS`.

``OTHERS`` is the number of sign-ins of other phones.
"""

from __future__ import annotations

import json
import os
import sys

REDIRECT_URI = "confluence-server://oauth-callback"
PEOPLE = 10_000  # owners of the other phones


def main(others: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.utils import timezone

    from oauth_provider.clients import register_client
    from oauth_provider.resource_servers import create_resource_server
    from portal.models import User
    from rollout.models import ApplicationLink, Product, Provider, Site

    from .statements import count_statements

    call_command("migrate", verbosity=0)
    now = timezone.now()
    person = User.objects.create_user("person@example.com")
    site = Site.objects.create(
        title="Bench",
        slug="bench",
        provider=Provider.GATEPASS,
        product=Product.CONFLUENCE,
        base_url=f"{settings.PUBLIC_URL}/at/bench",
        created_at=now,
        updated_at=now,
    )
    client_id = register_client(name=site.title, redirect_uri=REDIRECT_URI)
    ApplicationLink.objects.create(site=site, client_id=client_id, redirect_url=REDIRECT_URI, created_at=now)
    _server, credential = create_resource_server(name="Gateway", issuer=site.base_url)
    if others:
        add_others(client_id, others)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    browser = Client(SERVER_NAME="127.0.0.1")
    browser.force_login(person)
    base = "/at/bench/rest/oauth2/latest"
    facts = {
        "authorize": f"{base}/authorize",
        "token": f"{base}/token",
        "revoke": f"{base}/revoke",
        "introspect": f"{base}/introspect",
        "info": "/at/bench/rest/nativemobile/1.1/info/login",
        "client_id": client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "WRITE",
        "button": {"answer": "allow"},
        "cookies": {settings.SESSION_COOKIE_NAME: browser.cookies[settings.SESSION_COOKIE_NAME].value},
        "server": [credential.client_id, credential.secret],
    }
    facts["statements"] = count_statements(facts, browser)
    print(json.dumps(facts))


def add_others(client_id: str, count: int) -> None:
    """Insert tokens as refreshes leave them, with SQL: random digests, distributed over people."""
    from django.db import connection

    from oauth_provider.models import Client, Device
    from portal.models import User

    User.objects.bulk_create([User(email=f"person-{number}@example.com") for number in range(PEOPLE)], batch_size=1000)
    first = User.objects.order_by("pk").values_list("pk", flat=True)[1]
    client = Client.objects.get(client_id=client_id).pk
    values = {"first": first, "people": PEOPLE, "client": client, "count": count}
    statements = [
        """INSERT INTO oauth2_provider_accesstoken
             (token, token_checksum, expires, scope, resource, application_id, user_id, created, updated)
           SELECT '', encode(sha256(('access' || n)::bytea), 'hex'), now() + interval '1 hour', 'WRITE', '[]',
             %(client)s, %(first)s + n %% %(people)s, now() - interval '1 day', now()
           FROM generate_series(1, %(count)s) n""",
        """INSERT INTO oauth2_provider_refreshtoken
             (token, token_checksum, access_token_id, application_id, user_id, created, updated, resource,
              token_family)
           SELECT '', encode(sha256(('refresh' || id)::bytea), 'hex'), id, application_id, user_id, created, updated,
             '[]', gen_random_uuid()
           FROM oauth2_provider_accesstoken WHERE created < now() - interval '12 hours'""",
        f"""INSERT INTO {Device._meta.db_table} (refresh_token_id, user_agent, address, name)
           SELECT id, 'Confluence/2.0 (iPhone; iOS 18.1)', '10.0.0.1', '' FROM oauth2_provider_refreshtoken""",
    ]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)


if __name__ == "__main__":
    main(int(sys.argv[1]))
