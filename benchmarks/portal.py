"""A portal with SIZE sites that serves pages over a pipe: `python -m benchmarks.portal SIZE`.

Reads one path per line from standard input and writes one JSON line for each: ``ms`` (wall time), ``queries``,
``status``. It creates a database on the server of ``DATABASE_URL`` and drops it at the end.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings
from datetime import timedelta
from typing import Any

import django

VERDICTS = [
    ("READY_MDM", "READY_NON_MDM"),
    ("READY_MDM", "INCOMPATIBLE"),
    ("ACTION_NEEDED", "ACTION_NEEDED"),
    ("INCOMPATIBLE", "INCOMPATIBLE"),
    ("UNKNOWN", "UNKNOWN"),
]


def seed(size: int) -> Any:
    """Create ``size`` sites, each with an evaluated run and findings, a tenth of them with links and sign-ins."""
    from django.utils import timezone

    from portal.models import User
    from rollout.compatibility.verdict import Outcome
    from rollout.models import ApplicationLink, CheckRun, Finding, SignIn, Site
    from rollout.models.check_run import stored_findings
    from rollout.services import audit

    now = timezone.now()
    administrator = User.objects.create_superuser("administrator@example.com")
    findings = stored_findings(
        Finding(0, setup, "TLS-VALID", Outcome.UNKNOWN.value, "Not read.") for setup in ("mdm", "non_mdm")
    )
    sites = Site.objects.bulk_create(
        [
            Site(
                title=f"Site {number:05}",
                base_url=f"https://wiki-{number}.example.com",
                people=number % 977,
                mdm_verdict=VERDICTS[number % 5][0],
                non_mdm_verdict=VERDICTS[number % 5][1],
                server_version="9.2.1",
                checked_at=now,
                check_due_at=now + timedelta(days=1),
                created_at=now,
                updated_at=now,
            )
            for number in range(size)
        ],
        batch_size=1000,
    )
    CheckRun.objects.bulk_create(
        [
            CheckRun(
                site=site,
                trigger="schedule",
                state="done",
                requested_at=now,
                finished_at=now,
                mdm_verdict=site.mdm_verdict,
                non_mdm_verdict=site.non_mdm_verdict,
                evaluated_findings=findings,
                changed_at=now - timedelta(minutes=number) if number < 20 else None,
                was_mdm_verdict="UNKNOWN" if number < 20 else "",
                was_non_mdm_verdict="UNKNOWN" if number < 20 else "",
            )
            for number, site in enumerate(sites)
        ],
        batch_size=1000,
    )
    ApplicationLink.objects.bulk_create(
        [ApplicationLink(site=site, client_id=f"id{site.pk}", created_at=now) for site in sites[::10]]
    )
    SignIn.objects.bulk_create(
        [
            SignIn(site=site, person=administrator, client_id="id", signed_in_at=now - timedelta(minutes=number))
            for number, site in enumerate(sites[::10])
        ]
    )
    audit.record_many(actor=administrator, action="site.created", targets=[(site, {}) for site in sites])
    return administrator


def serve(administrator: Any) -> None:
    """Serve the paths from standard input until it ends."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client, before = Client(SERVER_NAME="127.0.0.1"), ""
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        path = line.strip()
        if path != before:  # a session records its use once a minute, with three statements, which must not be counted
            client.force_login(administrator)
            before = path
        with CaptureQueriesContext(connection) as queries:
            started = time.perf_counter()
            response = client.get(path)
            body = b"".join(response) if response.streaming else response.content
            elapsed = time.perf_counter() - started
        answer = {"ms": elapsed * 1000, "queries": len(queries), "status": response.status_code, "bytes": len(body)}
        print(json.dumps(answer), flush=True)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    warnings.filterwarnings("ignore", "No directory at")  # static files are not measured
    from django.conf import settings
    from django.db import connection

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    size = int(sys.argv[1])
    connection.settings_dict["TEST"]["NAME"] = f"gatepass_bench_{os.getpid()}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        administrator = seed(size)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        serve(administrator)
    finally:
        connection.creation.destroy_test_db("", verbosity=0)


if __name__ == "__main__":
    main()
