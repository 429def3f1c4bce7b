"""Fill a database with due sites and print a session key: `python -m tests.support.faults_seed PORT SITES`."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import Any

import django


def seed(port: int, size: int) -> dict[str, Any]:
    """Create the sites, each on its own host, and a session of an administrator."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore
    from django.utils import timezone

    from portal.models import User
    from rollout.models import Site

    now = timezone.now()
    administrator = User.objects.create_superuser("administrator@example.com")
    Site.objects.bulk_create(
        Site(
            title=f"Site {number:04}",
            base_url=f"http://127.9.{number >> 8}.{number & 255}:{port}",
            oauth_plugin_version="4.1.1",
            mobile_plugin_version="19.1.47",
            check_due_at=now - timedelta(minutes=number % 30),
            created_at=now,
            updated_at=now,
        )
        for number in range(size)
    )
    session = SessionStore()
    session[SESSION_KEY] = str(administrator.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = administrator.get_session_auth_hash()
    session.save()
    return {"session": session.session_key}


if __name__ == "__main__":
    django.setup()
    print(json.dumps(seed(int(sys.argv[1]), int(sys.argv[2]))))
