"""Create the next case: an installation as this release stores it. See README.md; run in the root of the project.

    python tests/cases/installation/make.py NAME --postgresql postgres://user@127.0.0.1:5432

It creates and drops a scratch database, uses port 8000 and the ports of the demo sites (8101 to 8200), runs
`manage.py up` for about three minutes, and uses the pages like people and phones.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import psycopg

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT))
PORT, PORT_BASE, RECEIVER_PORT = 8000, 8101, 8201
SECRETS = {
    "SECRET_KEY": "for tests only: long enough, and public",
    "CREDENTIAL_KEYS": "Zm9yIHRlc3RzIG9ubHkgICAgICAgICAgICAgICAgICA=",
}
PASSWORD = "for tests only: public"
REDIRECT_URI = "confluence-server://oauth-callback"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636 Appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
APP = "Confluence/2.0 (iPhone; iOS 18.1)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile Safari/604.1"
# Simulated sites in addition to the demo fleet: imported from a file, and added on the page with their CA.
IMPORTED = ("leads-inside", "http-1-0", "odd-characters", "client-id-drift")
WITH_CA = ("private-authority", "expired-certificate", "wrong-host")
# Archived sites, as older installations have; the bulk check skips them, which keeps the case small.
ARCHIVED = (
    "too-old", "version-9-0", "first-supported", "version-10", "mobile-plugin-old", "context-path-missing",
    "oauth-plugin-disabled", "unknown-authority", "client-id-unlike-mdm", "login-page-only",
)  # fmt: skip
# The simulated sites whose first observation becomes a separate case.
OBSERVED = (
    "ready-mdm", "ready-non-mdm", "context-path", "behind-sso", "unreachable", "sso-javascript", "waf-blocks-app",
    "maintenance", "gzip-bomb", "self-signed", "jira-9-13", "mobile-app-disabled", "plugins-not-entered",
    "odd-characters", "leads-inside", "http-1-0", "private-authority", "expired-certificate",
)  # fmt: skip
PLUGINS = {  # by key, as the Universal Plugin Manager describes them
    "com.atlassian.oauth2.oauth2-provider-plugin": {"version": "4.1.1", "enabled": True},
    "com.atlassian.confluence.plugins.confluence-mobile-plugin": {"version": "19.1.47", "enabled": True},
}
TABLES = """SELECT table_name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY table_name"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", help="of the case, the next number: 0002")
    parser.add_argument("--postgresql", required=True, help="URL of a server, without a database")
    arguments = parser.parse_args()
    with scratch_database(arguments.postgresql.rstrip("/")) as url, tempfile.TemporaryDirectory() as state:
        os.environ |= SECRETS | {
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "DATABASE_URL": url,
            "STATE_DIR": state,
            "PUBLIC_URL": f"http://127.0.0.1:{PORT}",
            "PROBE_ALLOW_LOOPBACK": "1",
            "DEMO_PORT_BASE": str(PORT_BASE),
            "LOG_LEVEL": "WARNING",
        }
        note = fill(Path(state))
        note["tables"] = count_rows(url)
        note["made_at"] = datetime.now(UTC).isoformat()
        (HERE / f"{arguments.name}.json").write_text(json.dumps(note, indent=2, ensure_ascii=False) + "\n")
        (HERE / f"{arguments.name}.sql").write_text(dump(url))
        write_observations(HERE.parent / "observations" / arguments.name)


def fill(state: Path) -> dict[str, Any]:
    """Run the installation, use it, wait until the queues are empty, and return the plain values for the tests."""
    import django

    django.setup()
    from django.test.utils import setup_test_environment

    from rollout.simulator.fleet import SimulatedFleet
    from rollout.simulator.table import DEMO

    setup_test_environment()  # records the template context of pages
    with SimulatedFleet([*DEMO, *IMPORTED, *WITH_CA], port_base=PORT_BASE) as fleet, receiver(), supervised(state):
        return Scenario(fleet).run()


# --- People ------------------------------------------------------------------------------------------------------


class Scenario:
    """All actions in the installation, in order."""

    def __init__(self, fleet: Any) -> None:
        self.fleet = fleet
        self.note: dict[str, Any] = {**SECRETS, "PUBLIC_URL": f"http://127.0.0.1:{PORT}", "password": PASSWORD}

    def run(self) -> dict[str, Any]:
        self.administrator = sign_in_by_link("")
        self.add_people()
        self.add_sites()
        wait("the first checks", checks_are_done)
        self.change_sites()
        wait("the checks of changed sites", checks_are_done)
        self.follow_and_subscribe()
        self.change_matrix()
        wait("the second edition of the matrix", lambda: rows("CheckRun").filter(trigger="rejudged").exists())
        self.administrator.post("/sweeps/start/")
        wait("the sweep", lambda: rows("Sweep").exclude(finished_at=None).exists() and checks_are_done())
        self.publish()
        self.issue_passes()
        self.sign_phones_in()
        self.import_inventory()
        self.administrator.post(f"/sites/{self.pilot}/rehearse/")
        wait("the rehearsal", lambda: rows("Rehearsal").exclude(finished_at=None).exists())
        wait("the webhook's deliveries", deliveries_are_done)
        self.note_pages()
        self.keep_sessions()
        return self.note

    def add_people(self) -> None:
        for name, role in (
            ("alice", "site_owner"), ("bob", "site_owner"), ("charlie", "member"), ("member", "member"),
            ("auditor", "auditor"), ("administrator", "administrator"),
        ):  # fmt: skip
            person = {"email": f"{name}@example.com", "name": name.title(), "role": role}
            assert self.submit_once("/people/new/", person).status_code == 200
        for name in ("alice", "charlie"):
            new = sign_in_by_link(f"{name}@example.com")
            check_redirect(new.post("/accounts/password/set/", {"password1": PASSWORD, "password2": PASSWORD}))
        self.alice, self.charlie = sign_in("alice@example.com"), sign_in("charlie@example.com")
        self.auditor = sign_in_by_link("auditor@example.com")
        self.alice.post("/accounts/reauthenticate/", {"password": PASSWORD})
        page = self.alice.get("/accounts/2fa/totp/activate/")
        self.note["totp_secret"] = page.context["form"].secret
        check_redirect(self.alice.post("/accounts/2fa/totp/activate/", {"code": totp_code(self.note["totp_secret"])}))

    def add_sites(self) -> None:
        from django.core.management import call_command

        from rollout.models import Site

        call_command("load_demo")
        self.pilot = Site.objects.get(slug="pilot").pk
        lines = ["title,base_url,owners,people,oauth_plugin_version,mobile_plugin_version"]
        for name in IMPORTED:
            simulated = self.fleet.sites[name]
            versions = f"{simulated.oauth_plugin or ''},{simulated.mobile_plugin or ''}"
            lines.append(f"{simulated.title},{self.fleet.base_url(name)},bob@example.com,40,{versions}")
        file = io.BytesIO("\r\n".join(lines).encode())
        file.name = "sites.csv"
        page = self.administrator.post("/sites/import/", {"file": file})
        check_redirect(self.administrator.post("/sites/import/", {"encoded": page.context["encoded"], "apply": "1"}))
        for name in WITH_CA:
            simulated, base_url = self.fleet.sites[name], self.fleet.base_url(name)
            pk = self.add_site(title=simulated.title, base_url=base_url, ca_bundle=self.fleet.ca_pem)
            if simulated.client_id:
                self.add_link(pk, client_id=simulated.client_id)
        self.with_token = self.add_site(title="Plugin manager", base_url=f"http://127.0.0.1:{RECEIVER_PORT}")
        self.old_wiki = self.add_site(title="Old wiki", base_url="https://old-wiki.example.com")
        self.handbook = self.add_site(title="Handbook", provider="gatepass", slug="handbook")
        self.add_link(self.handbook)
        check_redirect(self.administrator.post(f"/sites/{self.handbook}/oauth-switch/", {"on": "1"}))

    def add_site(self, **fields: str) -> int:
        from rollout.models import Site

        fields = {"provider": "confluence", "product": "confluence", **fields}
        check_redirect(self.administrator.post("/sites/new/", fields))
        return Site.objects.get(title=fields["title"]).pk

    def add_link(self, site: int, **fields: str) -> None:
        link = {"application_type": "external", "direction": "incoming", "permission": "WRITE"}
        check_redirect(
            self.administrator.post(f"/sites/{site}/link/", {**link, "redirect_url": REDIRECT_URI, **fields})
        )

    def change_sites(self) -> None:
        from rollout.models import Site

        unknown = Site.objects.get(base_url=self.fleet.base_url("plugins-not-entered")).pk
        pasted = {"paste-text": "\n".join(json.dumps({"key": key, **PLUGINS[key]}) for key in PLUGINS)}
        check_redirect(self.administrator.post(f"/sites/{unknown}/plugins/paste/", pasted))
        token = {"token-token": "a-token-for-tests-only", "token-keep": "on"}
        check_redirect(self.administrator.post(f"/sites/{self.with_token}/plugins/read/", token))
        old = Site.objects.filter(base_url__in=[self.fleet.base_url(name) for name in ARCHIVED])
        for pk in [self.old_wiki, *old.values_list("pk", flat=True)]:
            check_redirect(self.administrator.post(f"/sites/{pk}/archive/"))
        sso = Site.objects.get(base_url=self.fleet.base_url("behind-sso"))
        changed = {"title": sso.title, "product": sso.product, "base_url": sso.base_url, "people": "260"}
        check_redirect(self.administrator.post(f"/sites/{sso.pk}/edit/", changed))

    def follow_and_subscribe(self) -> None:
        self.auditor.post(f"/sites/{self.pilot}/follow/", {"follows": "yes"})
        wanted = {"every": "hour", "kinds": ["verdict", "certificate"], "hour": "7", "time_zone": "Europe/Berlin"}
        check_redirect(self.administrator.post("/me/notifications/", wanted))
        hook = {"name": "Chat", "url": f"http://127.0.0.1:{RECEIVER_PORT}/hook", "kinds": ["verdict", "sweep"]}
        assert self.submit_once("/webhooks/new/", hook).status_code == 200
        self.webhook = rows("Webhook").get().pk
        self.administrator.post(f"/webhooks/{self.webhook}/", {"do": "test"})
        self.submit_once(f"/webhooks/{self.webhook}/", {"do": "rotate"})

    def change_matrix(self) -> None:
        """Put an edition in force that decides what the first one leaves open: Jira 9.13 to 10.0."""
        from portal.models import User
        from rollout.models import MatrixEdition
        from rollout.services import matrix

        person = User.objects.get(email="administrator@example.com")
        draft = matrix.copy_edition(actor=person, edition=MatrixEdition.objects.get())
        draft.lines.exclude(unclear="").update(unclear="", server="9.13", oauth_plugin="3.1.14")
        matrix.put_in_force(actor=person, edition=draft)

    def publish(self) -> None:
        self.publish_release({"all": "1"}, note="First release")
        link = rows("ApplicationLink").get(site=self.handbook, origin="wizard").pk
        check_redirect(self.administrator.post(f"/links/{link}/rotate/"))
        self.publish_release({"site": [self.pilot, self.handbook]}, note="Two sites")
        self.administrator.post("/configurations/download/", {"release": "1", "format": "intune"})

    def publish_release(self, selection: dict[str, Any], note: str) -> None:
        page = self.administrator.get("/configurations/build/", selection)
        form = {**selection, "note": note, "seen": page.context["seen"]}
        check_redirect(self.administrator.post("/configurations/publish/", form))

    def issue_passes(self) -> None:
        sites = [self.pilot, self.handbook]
        wave = self.administrator.post("/waves/new/", {"title": "The first wave", "sites": sites})
        labels = "charlie@example.com\nmember@example.com\nReception"
        form = {"do": "issue", "labels": labels, "expiry": "30"}
        issued = self.submit_once(wave["Location"], form).context["issued"]
        self.note["passes"] = {"wave": issued[0][2]}
        for name in ("live", "used", "revoked", "renewed"):
            form = {"audience": "label", "label": f"The {name} pass", "sites": sites, "uses": "once", "expiry": "14"}
            if name == "live":
                form["uses"] = "unlimited"
            shown = self.submit_once("/passes/new/", form)
            row, token = shown.context["row"], shown.context["token"]
            if name == "revoked":
                self.administrator.post(f"/passes/{row.pk}/revoke/")
            if name == "renewed":
                self.note["passes"]["replaced"] = token
                token = self.submit_once(f"/passes/{row.pk}/renew/", {"expiry": "30"}).context["token"]
            self.note["passes"][name] = token
        for name in ("live", "used", "wave"):
            done = post(f"/e/{self.note['passes'][name]}/done", {}, **{"User-Agent": IPHONE})
            assert done.status == 302

    def sign_phones_in(self) -> None:
        gateway = self.administrator.post(f"/sites/{self.handbook}/gateway/")
        self.note["gateway_authorization"] = gateway.context["secret_file"].split('"')[1]
        bob, member = sign_in_by_link("bob@example.com"), sign_in_by_link("member@example.com")
        phones = self.note["phones"] = {
            "new": phone(self.charlie, "handbook", "wizard"),
            "introspected": phone(self.charlie, "handbook", "wizard"),
            "refreshed": phone(self.charlie, "pilot", "wizard"),
            "replaced": phone(self.charlie, "pilot", "wizard"),
            "without_mdm": phone(member, "handbook", "switch"),
            "revoked": phone(bob, "pilot", "switch"),
            "signed_out": phone(self.alice, "pilot", "wizard"),
            "deactivated": phone(bob, "handbook", "wizard"),
        }
        for held in (phones["refreshed"], phones["replaced"]):
            form = {"grant_type": "refresh_token", **{name: held[name] for name in ("client_id", "refresh_token")}}
            held["replaced"] = held["refresh_token"]
            held.update(json.loads(post(f"{held['base']}/token", form).read()))
        revoked = phones["revoked"]
        form = {"client_id": revoked["client_id"], "token": revoked["refresh_token"]}
        assert post(f"{revoked['base']}/revoke", form).status == 200
        self.alice.post("/me/devices/sign-out/")
        self.charlie.post(f"/me/devices/{living_phone('charlie@example.com')}/name/", {"name": "Charlie\u2019s phone"})
        person = rows("User", app="portal").get(email="bob@example.com").pk
        self.administrator.post(f"/people/{person}/", {"do": "deactivate"})
        code(self.charlie, "pilot", "wizard")  # never redeemed

    def import_inventory(self) -> None:
        lines = ["Serial number,App name,App version"]
        lines += [f"C0FFEE{number:04},Confluence Data Center,{1 + number % 3}.{number}" for number in range(20)]
        file = io.BytesIO("\n".join(lines).encode())
        file.name = "inventory.csv"
        check_redirect(self.administrator.post("/app-versions/import/", {"product": "confluence", "file": file}))

    def note_pages(self) -> None:
        """Record pages, each with a text that comes from the database and not from a template."""
        from rollout.models import CheckRun, Site

        pages = {
            "/": "Pilot Wiki", "/sites/": "Pilot Wiki", "/configurations/": "First release",
            "/configurations/1/": "Engineering Wiki", "/configurations/2/": "Pilot Wiki",
            f"/sweeps/{rows('Sweep').get().pk}/?show=every&q=wiki": "Engineering Wiki", "/waves/": "The first wave",
             f"/waves/{rows('Wave').get().pk}/": "Reception", "/passes/": "The live pass",
            "/people/": "charlie@example.com", "/phones/": "Charlie", "/app-versions/": "inventory.csv",
            "/app-versions/confluence/": "C0FFEE0003", f"/webhooks/{self.webhook}/": "Chat",
            f"/rehearsals/{rows('Rehearsal').get().pk}/": "Pilot Wiki", "/activity/": "Charlie",
        }  # fmt: skip
        for site in (
            Site.objects.filter(archived_at=None)
            .order_by("mdm_verdict", "non_mdm_verdict", "pk")
            .distinct("mdm_verdict", "non_mdm_verdict")
        ):
            first = CheckRun.objects.filter(site=site, state="done").earliest("pk")
            pages[f"/sites/{site.pk}/"] = pages[f"/check-runs/{first.pk}/"] = site.title
        shown = {path: unescape(self.administrator.get(path).content.decode()) for path in pages}
        assert not (missing := [path for path, text in pages.items() if text not in shown[path]]), missing
        self.note["pages"] = pages

    def keep_sessions(self) -> None:
        people = {"administrator": self.administrator, "alice": self.alice, "auditor": self.auditor}
        self.note["sessions"] = {name: browser.cookies["gatepass_session"].value for name, browser in people.items()}

    def submit_once(self, path: str, form: dict[str, Any]) -> Any:
        """Submit a one-time form with the id on its page."""
        page = self.administrator.get(path if not path.endswith("/renew/") else path.removesuffix("renew/"))
        return self.administrator.post(path, {**form, "form_id": page.context["form_id"]})


def check_redirect(response: Any) -> None:
    """Fail with the errors of the form when it was rejected."""
    errors = response.context and "form" in response.context and response.context["form"].errors
    assert response.status_code == 302, (response.status_code, errors)


def browser() -> Any:
    from django.test import Client

    return Client(SERVER_NAME="127.0.0.1", SERVER_PORT=str(PORT), HTTP_USER_AGENT="Mozilla/5.0 (Macintosh)")


def sign_in_by_link(email: str) -> Any:
    """Return a client signed in with a sign-in link; without an e-mail address as the first administrator."""
    from django.core.management import call_command

    output, new = io.StringIO(), browser()
    call_command("sign_in_link", *filter(None, [email]), stdout=output)
    check_redirect(new.post(urlsplit(output.getvalue().strip()).path))
    return new


def sign_in(email: str) -> Any:
    new = browser()
    check_redirect(new.post("/accounts/login/", {"login": email, "password": PASSWORD}))
    return new


def totp_code(secret: str) -> str:
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time

    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


# --- Phones ------------------------------------------------------------------------------------------------------


def phone(person: Any, slug: str, origin: str) -> dict[str, str]:
    """Sign the app in on a site hosted by Gatepass and return the data that the phone stores."""
    client_id = client_id_of(slug, origin)
    form = {
        "grant_type": "authorization_code", "client_id": client_id, "redirect_uri": REDIRECT_URI,
        "code": code(person, slug, origin), "code_verifier": VERIFIER,
    }  # fmt: skip
    base = f"/at/{slug}/rest/oauth2/latest"
    answer = post(f"{base}/token", form)
    assert answer.status == 200, answer.read()
    return {"base": base, "client_id": client_id, **json.loads(answer.read())}


def code(person: Any, slug: str, origin: str) -> str:
    parameters = {
        "response_type": "code", "client_id": client_id_of(slug, origin), "redirect_uri": REDIRECT_URI,
        "scope": "WRITE", "state": "some-state", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    url = f"/at/{slug}/rest/oauth2/latest/authorize?{urlencode(parameters)}"
    assert person.get(url).status_code == 200
    return parse_qs(urlsplit(person.post(url, {"answer": "allow"})["Location"]).query)["code"][0]


def client_id_of(slug: str, origin: str) -> str:
    return rows("ApplicationLink").get(site__slug=slug, origin=origin, revoked_at=None).client_id


def living_phone(email: str) -> int:
    return rows("RefreshToken", app="oauth2_provider").filter(user__email=email, revoked=None).earliest("pk").pk


def post(path: str, form: dict[str, str], **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=30)
    headers = {"User-Agent": APP, "Content-Type": "application/x-www-form-urlencoded", **headers}
    connection.request("POST", path, urlencode(form), headers)
    return connection.getresponse()


# --- Servers -----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def scratch_database(server: str) -> Iterator[str]:
    name = f"gatepass_case_{os.getpid()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        try:
            yield f"{server}/{name}"
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


@contextlib.contextmanager
def supervised(state: Path) -> Iterator[None]:
    """Run web server, worker and beat with ``manage.py up``."""
    with (state / "up.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "manage.py", "up"], cwd=ROOT, stdout=log, stderr=log)
    try:
        wait("the portal", lambda: process.poll() is None and is_ready())
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def is_ready() -> bool:
    with contextlib.suppress(OSError):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=5)
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    return False


class Receiver(BaseHTTPRequestHandler):
    """Accepts webhook deliveries, and describes plugins like the Universal Plugin Manager."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.answer(204)

    def do_GET(self) -> None:
        key = self.path.rpartition("/")[2].removesuffix("-key")
        found = {"key": key, **PLUGINS[key]} if key in PLUGINS else None
        self.answer(200 if found else 404, json.dumps(found).encode() if found else b"")

    def answer(self, status: int, body: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@contextlib.contextmanager
def receiver() -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", RECEIVER_PORT), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield
        server.shutdown()


def wait(what: str, condition: Callable[[], bool], seconds: int = 180) -> None:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit(f"Waited {seconds} seconds for {what}.")
        time.sleep(0.5)
    print(f"{what}: done", flush=True)


# --- Results -----------------------------------------------------------------------------------------------------


def rows(model: str, app: str = "rollout") -> Any:
    from django.apps import apps

    return apps.get_model(app, model).objects.all()


def checks_are_done() -> bool:
    return not rows("CheckRun").filter(state__in=["queued", "running"]).exists()


def deliveries_are_done() -> bool:
    """Whether a test message and a notice were delivered and a digest was sent."""
    delivered = rows("WebhookDelivery").filter(state="delivered").values("event").distinct().count() == 2
    return delivered and rows("NotificationPreference").exclude(digest_at=None).exists()


def count_rows(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        names = [name for (name,) in connection.execute(TABLES)]
        return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # type: ignore


def dump(url: str) -> str:
    """Return the database as SQL without the psql commands that newer releases of pg_dump write."""
    command = ["pg_dump", "--no-owner", "--no-privileges", "--no-comments", "--rows-per-insert", "1000", url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return "".join(
        line for line in text.splitlines(keepends=True) if not line.startswith(("\\restrict", "\\unrestrict"))
    )


def write_observations(folder: Path) -> None:
    """Write a file per kind of site with the verdicts of this release's rules."""
    from rollout.models import CheckRun, Site
    from rollout.simulator.table import base_url_of

    folder.mkdir()
    sites = {name: base_url_of(name, PORT_BASE) for name in OBSERVED}
    titles = {"provided": "Pilot Wiki", "plugins-read": "Plugin manager", "name-not-found": "Old wiki"}
    sites |= {name: Site.objects.get(title=title).base_url for name, title in titles.items()}
    for name, base_url in sites.items():
        runs = CheckRun.objects.filter(site__base_url=base_url, sweep=None, state="done")
        run = runs.exclude(trigger="rejudged").latest("pk")
        verdicts = {"mdm": run.mdm_verdict, "non_mdm": run.non_mdm_verdict}
        content = {"verdicts": verdicts, "observation": run.observation}
        (folder / f"{name}.json").write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
