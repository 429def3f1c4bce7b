"""The WSGI callable, for any server.

Granian puts the environment of its process into every request's, and Django's error reports show that. So what is
secret in it is removed once the settings have read it.
"""

from __future__ import annotations

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup(set_prefix=False)

from portal.serving.handler import Handler  # noqa: E402 - it reads the settings

application = Handler()

for _name in (
    "SECRET_KEY", "SECRET_KEY_FALLBACKS", "CREDENTIAL_KEYS", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL",
    "EMAIL_URL", "PROBE_PROXY", "OIDC_CLIENT_SECRET",
):  # fmt: skip
    os.environ.pop(_name, None)
