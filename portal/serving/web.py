"""What the web server serves, `portal.serving.web:application`, and how it is started.

Granian puts the environment of its process into every request's. Django's error reports show that, so what is secret
in it is taken away first: the settings have been read by then.
"""

from __future__ import annotations

import os

from portal.wsgi import application

__all__ = ["application"]

for _name in (
    "SECRET_KEY", "SECRET_KEY_FALLBACKS", "CREDENTIAL_KEYS", "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL",
    "EMAIL_URL", "PROBE_PROXY", "OIDC_CLIENT_SECRET",
):  # fmt: skip
    os.environ.pop(_name, None)
