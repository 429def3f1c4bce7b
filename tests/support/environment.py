"""Environment variables for the settings in tests, set once per process before Django starts."""

from __future__ import annotations

import os

from . import servers

STATE = servers.temporary_directory()
SERVERS = servers.choose(STATE)
RUN = f"gatepass_test_{os.getpid()}"
PORT = servers.free_port()
LONG = os.environ.get("TEST_LONG") == "1"  # `make test-long`: more repetitions of random tests and races

# The live server uses the port in PUBLIC_URL, so that pages, the worker and the token issuer agree on one URL.
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "portal.settings",
    "DJANGO_LIVE_TEST_SERVER_ADDRESS": f"127.0.0.1:{PORT}",
    "DJANGO_ALLOW_ASYNC_UNSAFE": "1",  # Playwright's event loop runs in the thread of the test
    "SECRET_KEY": "for tests only: long enough, and public",
    "CREDENTIAL_KEYS": "Zm9yIHRlc3RzIG9ubHkgICAgICAgICAgICAgICAgICA=",
    "PUBLIC_URL": f"http://127.0.0.1:{PORT}",
    "PROBE_ALLOW_LOOPBACK": "1",
    "DATABASE_URL": SERVERS.database_url,
    "REDIS_URL": SERVERS.redis_url,
    "CELERY_BROKER_URL": SERVERS.broker_url,
    "CELERY_QUEUE": RUN,
    "STATE_DIR": str(STATE),
    "LOG_LEVEL": "WARNING",
}
# Hundreds of tests send requests from one address, so limits are off. The tests of the limits turn them on.
os.environ |= {
    f"RATE_LIMIT_{endpoint}_{kind}": "off"
    for endpoint in ("TOKEN", "INTROSPECTION", "AUTHORIZE", "SIGN_IN")
    for kind in ("ADDRESS", "PRINCIPAL", "FAILURES")
} | {"RATE_LIMIT_SIGN_IN_KNOWN_BROWSER": "off"}
for name in (
    "DEBUG",
    "DEMO",
    "ALLOWED_HOSTS",
    "SECRET_KEY_FILE",
    "CREDENTIAL_KEYS_FILE",
    "BEHIND_PROXY",
    "PROBE_ALLOWED_NETWORKS",
):
    os.environ.pop(name, None)
