"""The WSGI application.

Granian copies its process environment into the environment of every request, which Django's error reports show.
Secrets are therefore removed from it after the settings have been read.
"""

from __future__ import annotations

import os

import django

from portal.serving.parent_death import end_with_web_server

end_with_web_server()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
django.setup(set_prefix=False)

from portal.serving.handler import Handler  # noqa: E402 - reads the settings
from portal.start_checks import require_startable  # noqa: E402

require_startable()

application = Handler()

for _name in (
    "SECRET_KEY", "SECRET_KEY_FALLBACKS", "CREDENTIAL_KEYS", "AUDIT_KEYS", "DATABASE_URL", "REDIS_URL",
    "CELERY_BROKER_URL", "EMAIL_URL", "PROBE_PROXY", "OIDC_CLIENT_SECRET",
):  # fmt: skip
    os.environ.pop(_name, None)
