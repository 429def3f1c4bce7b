"""Write the database of an earlier commit by running its code. See README.md; run in the root of the project.

    .venv/bin/python tests/cases/upgrades/make.py COMMIT --postgresql postgres://user@127.0.0.1:5432

It unpacks the commit into a temporary directory, starts itself there in a new process, and creates and drops a scratch
database; without ``--postgresql`` it writes a trial's SQLite database. No server runs: people and phones send their
requests through Django's test client, and no task is executed.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {
    "SECRET_KEY": "for tests only: long enough, and public",
    "CREDENTIAL_KEYS": "Zm9yIHRlc3RzIG9ubHkgICAgICAgICAgICAgICAgICA=",
    "PUBLIC_URL": "http://127.0.0.1:8000",
}
PASSWORD = "for tests only: public"
REDIRECT_URI = "confluence-server://oauth-callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 Appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
ENDPOINTS = "/at/handbook/rest/oauth2/latest"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commit")
    parser.add_argument("--postgresql", default="", help="URL of a server, without a database; default: SQLite")
    parser.add_argument("--packages", default="", help="folder with packages that only that commit needs")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        unpack(arguments.commit, folder / "code")
        if arguments.postgresql:
            with scratch_database(arguments.postgresql.rstrip("/")) as url:
                note = run_in(folder, url, arguments.packages)
                write(arguments.commit, note, dump(url))
        else:
            note = run_in(folder, f"sqlite:///{folder / 'trial.sqlite3'}", arguments.packages)
            with closing(sqlite3.connect(folder / "trial.sqlite3")) as trial:
                write(f"{arguments.commit}-sqlite", note, "\n".join(trial.iterdump()))


@contextmanager
def scratch_database(server: str) -> Iterator[str]:
    name = f"gatepass_upgrade_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


def write(name: str, note: dict[str, Any], sql: str) -> None:
    (HERE / f"{name}.json").write_text(json.dumps(note, indent=2) + "\n")
    (HERE / f"{name}.sql.gz").write_bytes(gzip.compress(sql.encode(), mtime=0))


def unpack(commit: str, code: Path) -> None:
    archive = subprocess.run(["git", "archive", commit], cwd=HERE.parents[2], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(code, filter="data")


def run_in(folder: Path, url: str, packages: str) -> dict[str, Any]:
    """Run ``fill`` with the unpacked code and only the settings named here; return what it prints."""
    environment = ENVIRONMENT | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join([str(folder / "code"), *filter(None, [packages])]),
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "DATABASE_URL": url,
        "STATE_DIR": str(folder / "state"),
        "CELERY_BROKER_URL": "filesystem://localhost",
        "PROBE_ALLOW_LOOPBACK": "1",  # so that a hosted site may have http
        "LOG_LEVEL": "WARNING",
    }
    for name in ("state/broker", "state/broker-control", "state/cache", "state/static"):
        (folder / name).mkdir(parents=True)
    program = f"import sys; sys.path.insert(1, {str(HERE)!r}); import make; make.fill()"
    command = [sys.executable, "-c", program]
    output = subprocess.run(
        command, cwd=folder / "code", env=environment, check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(output.stdout.splitlines()[-1])  # type: ignore[no-any-return]


def dump(url: str) -> str:
    """Return the database as SQL without the psql commands that newer releases of pg_dump write."""
    command = ["pg_dump", "--no-owner", "--no-privileges", "--no-comments", "--rows-per-insert", "1000", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith(("\\restrict", "\\unrestrict"))
    )


# --- In the process that runs the commit's code -------------------------------------------------------------------


def fill() -> None:
    """Migrate, use the pages like people and phones, and print the plain values for the tests."""
    import django
    from django.conf import settings

    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    django.setup()
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    call_command("migrate", verbosity=0)
    setup_test_environment()  # records the template context of pages
    administrator = sign_in_by_link()
    person = {"email": "charlie@example.com", "name": "Charlie", "role": "member"}
    submit_once(administrator, "/people/new/", person)
    charlie = sign_in_by_link("charlie@example.com")
    check_redirect(charlie.post("/accounts/password/set/", {"password1": PASSWORD, "password2": PASSWORD}))
    charlie = browser()
    check_redirect(charlie.post("/accounts/login/", {"login": person["email"], "password": PASSWORD}))
    add_site(administrator)
    phones = {
        name: phone(charlie) for name in ("new", "refreshed", "replaced", "stolen", "listed", "leaving", "revoked")
    }
    for name in ("refreshed", "replaced"):
        held = phones[name]
        phones[name] = {**refresh(held), "replaced": held["refresh_token"]}
    form = {"client_id": client_id(), "token": phones["revoked"]["refresh_token"]}
    assert post(f"{ENDPOINTS}/revoke", form).status_code == 200
    note = ENVIRONMENT | {
        "made_at": datetime.now(UTC).isoformat(),
        "password": PASSWORD,
        "phones": {name: {"base": ENDPOINTS, "client_id": client_id(), **held} for name, held in phones.items()},
        "passes": issue_passes(administrator),
        "sessions": {
            name: client.cookies["gatepass_session"].value
            for name, client in (("administrator", administrator), ("charlie", charlie))
        },
    }
    call_command("verify_audit")  # ends the process if the chain is broken
    print(json.dumps(note))


def add_site(administrator: Any) -> None:
    site = {"title": "Handbook", "provider": "gatepass", "product": "confluence", "slug": "handbook"}
    check_redirect(administrator.post("/sites/new/", site))
    link = {"application_type": "external", "direction": "incoming", "permission": "WRITE"}
    check_redirect(administrator.post(f"/sites/{site_pk()}/link/", {**link, "redirect_url": REDIRECT_URI}))


def issue_passes(administrator: Any) -> dict[str, str]:
    passes = {}
    for name in ("live", "revoked"):
        form = {"audience": "label", "label": f"The {name} pass", "sites": [site_pk()], "uses": "unlimited"}
        shown = submit_once(administrator, "/passes/new/", {**form, "expiry": "14"})
        passes[name] = shown.context["token"]
        if name == "revoked":
            check_redirect(administrator.post(f"/passes/{shown.context['row'].pk}/revoke/"))
    return passes


def phone(person: Any) -> dict[str, str]:
    """Sign the app in and return the tokens that the phone stores."""
    request = {
        "response_type": "code", "client_id": client_id(), "redirect_uri": REDIRECT_URI, "scope": "WRITE",
        "state": "some-state", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    url = f"{ENDPOINTS}/authorize?{urlencode(request)}"
    assert person.get(url).status_code == 200
    code = parse_qs(urlsplit(person.post(url, {"answer": "allow"})["Location"]).query)["code"][0]
    form = {"grant_type": "authorization_code", "client_id": client_id(), "redirect_uri": REDIRECT_URI}
    return tokens_of(post(f"{ENDPOINTS}/token", {**form, "code": code, "code_verifier": VERIFIER}))


def refresh(held: dict[str, str]) -> dict[str, str]:
    form = {"grant_type": "refresh_token", "client_id": client_id(), "refresh_token": held["refresh_token"]}
    return tokens_of(post(f"{ENDPOINTS}/token", form))


def tokens_of(response: Any) -> dict[str, str]:
    assert response.status_code == 200, response.content
    return {name: response.json()[name] for name in ("access_token", "refresh_token")}


def post(path: str, form: dict[str, str]) -> Any:
    return browser().post(path, urlencode(form), content_type="application/x-www-form-urlencoded")


def browser() -> Any:
    from django.test import Client

    return Client(SERVER_NAME="127.0.0.1", SERVER_PORT="8000", HTTP_USER_AGENT="Mozilla/5.0 (Macintosh)")


def sign_in_by_link(*email: str) -> Any:
    """Return a client signed in with a sign-in link; without an e-mail address as the first administrator."""
    from django.core.management import call_command

    output, new = io.StringIO(), browser()
    call_command("sign_in_link", *email, stdout=output)
    check_redirect(new.post(urlsplit(output.getvalue().strip()).path))
    return new


def submit_once(client: Any, path: str, form: dict[str, Any]) -> Any:
    """Submit a form with the id on its page, if it has one."""
    page = client.get(path)
    response = client.post(path, {**form, "form_id": page.context.get("form_id", "")})
    assert response.status_code in {200, 302}, response.status_code
    return response


def check_redirect(response: Any) -> None:
    errors = response.context and "form" in response.context and response.context["form"].errors
    assert response.status_code == 302, (response.status_code, errors)


def site_pk() -> int:
    from rollout.models import Site

    return Site.objects.get(slug="handbook").pk


def client_id() -> str:
    from rollout.models import ApplicationLink

    return ApplicationLink.objects.get(site__slug="handbook", origin="wizard").client_id


if __name__ == "__main__":
    main()
