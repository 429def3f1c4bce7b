"""Prepares the stock project's database and prints the facts for the load generator as JSON."""

from __future__ import annotations

import json
import os

REDIRECT_URI = "https://app.example.com/oauth-callback"  # by default the toolkit allows no custom scheme


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.stock.settings")
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.test import Client
    from oauth2_provider.models import Application

    from benchmarks.statements import count_statements

    call_command("migrate", verbosity=0)
    person = User.objects.create_user("person")
    app = Application.objects.create(
        name="app",
        user=person,
        client_type="public",
        authorization_grant_type="authorization-code",
        redirect_uris=REDIRECT_URI,
    )
    secret = "a-generated-secret-of-a-resource-server"
    server = Application.objects.create(
        name="server",
        user=person,
        client_type="confidential",
        authorization_grant_type="client-credentials",
        client_secret=secret,
    )
    browser = Client(SERVER_NAME="127.0.0.1")
    browser.force_login(person)
    facts = {
        "authorize": "/o/authorize/",
        "token": "/o/token/",
        "revoke": "/o/revoke_token/",
        "introspect": "/o/introspect/",
        "client_id": app.client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "WRITE",
        "extra": {"approval_prompt": "force"},
        "button": {"allow": "Authorize"},
        "cookies": {"sessionid": browser.cookies["sessionid"].value},
        "server": [server.client_id, secret],
    }
    facts["statements"] = count_statements(facts, browser)
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
