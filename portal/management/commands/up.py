"""Run Gatepass on one machine: database, static files, web, worker, scheduler and, for a trial, the demo sites."""

from __future__ import annotations

import fcntl
import os
import sys
from argparse import ArgumentParser
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connections

from portal import demo
from portal.accounts.first_administrator import administrator_has_password, first_administrator
from portal.accounts.sign_in_links import make_link
from portal.models import SignInLink
from portal.serving.local_ports import port_answers, port_is_free, reserve_port
from portal.serving.supervisor import Program, Supervisor, stopping_on_signals
from portal.serving.web_command import web_command

WEB_HOST = "127.0.0.1"
START_TIMEOUT = 60  # seconds until a web process that does not respond is reported


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, default=urlsplit(settings.PUBLIC_URL).port or 8000, help="default: that of PUBLIC_URL"
        )

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        try:
            self.run(port)
        except KeyboardInterrupt:
            raise CommandError("Stopped before Gatepass had started. Run `make run` to start again.") from None
        except (OSError, OperationalError) as error:
            advice = "Make room, or choose another folder: make run STATE_DIR=…"
            raise CommandError(f"The data in {settings.STATE_DIR} cannot be written: {error}. {advice}") from error

    def run(self, port: int) -> None:
        os.chdir(settings.BASE_DIR)
        for folder in ("log", "broker", "broker-control", "cache", "static"):
            (settings.STATE_DIR / folder).mkdir(parents=True, exist_ok=True)
        with lock(settings.STATE_DIR / "up.lock"), reserved(port):
            require_free_ports(port, demo.ports() if settings.DEMO else [])
            with_fleet = self.prepare()
            supervisor = Supervisor(programs(port, with_fleet=with_fleet), write=self.stdout.write)
            with stopping_on_signals(supervisor):
                supervisor.run(tick=Announcement(port, self.stdout, supervisor))
            self.stdout.write("Stopped. Run `make run` to start again; your data is kept.")

    def prepare(self) -> bool:
        """Update the database and static files; return whether to start the demo sites."""
        self.stdout.write("Preparing the database and static files …")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        if settings.DEMO and demo.is_wanted():
            demo.load()
        with_fleet = settings.DEMO and demo.is_loaded()
        connections.close_all()  # the supervisor needs no database connection
        return with_fleet


class Announcement:
    """Prints once, when the web process responds, the URL and how to sign in."""

    def __init__(self, port: int, out: Any, supervisor: Supervisor) -> None:
        self.port, self.out, self.supervisor = port, out, supervisor
        self.started_at, self.is_done = supervisor.clock(), False

    def __call__(self) -> None:
        if self.is_done:
            return
        if port_answers(self.port):
            self.is_done = True
            self.out.write(f"Gatepass: {settings.PUBLIC_URL}")
            self.out.write(sign_in_hint())
            connections.close_all()
        elif self.supervisor.clock() - self.started_at > START_TIMEOUT:
            self.is_done = True
            self.out.write(f"The web process does not respond yet. See {settings.STATE_DIR / 'log' / 'web.log'}.")


def sign_in_hint() -> str:
    """Return one line: a single-use link while no administrator has a password, else how to create one."""
    administrator = first_administrator()
    if administrator_has_password():
        return f"Sign in at this address. Locked out? Run: make sign-in-link EMAIL={administrator.email}"
    link = make_link(user=administrator, purpose=SignInLink.Purpose.WELCOME, actor=None)
    return f"Sign in as {administrator.email} (once, within 3 days): {link}"


def programs(port: int, *, with_fleet: bool) -> list[Program]:
    """Return the supervised programs. The web process needs threads: a sign-in test sends requests to it."""
    python, logs = [sys.executable, "-m"], settings.STATE_DIR / "log"
    web = web_command(host=WEB_HOST, port=port)
    worker = ["celery", "-A", "portal", "worker", "--concurrency", "2", "--loglevel", "INFO"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    commands = {"web": web, "worker": worker, "beat": ["celery", "-A", "portal", "beat", "--loglevel", "INFO"]}
    if with_fleet:
        commands["demo"] = ["rollout.simulator", "--demo", "--port-base", str(settings.DEMO_PORT_BASE)]
    return [Program(name, [*python, *command], logs / f"{name}.log") for name, command in commands.items()]


def lock(path: Path) -> TextIO:
    """Lock the state directory and return the lock as a context manager. Raises CommandError if it is locked."""
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise CommandError(
            f"Gatepass is already running with the data in {path.parent}. Stop it first (Ctrl-C in its terminal)."
        ) from error
    return file


def reserved(port: int) -> AbstractContextManager[Any]:
    """Reserve the port of the web server. Raises CommandError, with what to do, if it is in use."""
    try:
        if port_is_free(port):
            return reserve_port(WEB_HOST, port)
    except OSError:
        pass
    raise CommandError(f"Port {port} is in use. Choose another port: make run PORT={port + 1000}")


def require_free_ports(port: int, fleet: list[int]) -> None:
    """Raise CommandError, with what to do, if the demo sites cannot have their ports."""
    if port in fleet:
        raise CommandError(f"Port {port} is needed by the demo sites. Choose another port: make run PORT={port + 1000}")
    if busy := ", ".join(str(number) for number in fleet if not port_is_free(number)):
        raise CommandError(
            f"The ports of the demo sites are in use: {busy}. Start without them (make run DEMO=0) "
            f"or on other ports (make run DEMO_PORT_BASE={settings.DEMO_PORT_BASE + 1000})."
        )
