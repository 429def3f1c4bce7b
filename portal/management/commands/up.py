"""Runs the whole portal on one machine: database, static files, web, worker, beat and, for a trial, the demo fleet."""

from __future__ import annotations

import fcntl
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from portal import demo
from portal.accounts.first_administrator import first_administrator, somebody_has_a_password
from portal.accounts.sign_in_links import make_link
from portal.models import SignInLink
from portal.serving.supervisor import Program, Supervisor, port_answers, port_is_free, stopping_on_signals
from portal.serving.web_command import web_command

PATIENCE = 60  # seconds until a start that says nothing is reported


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=urlsplit(settings.PUBLIC_URL).port or 8000)

    def handle(self, *args: Any, port: int, **options: Any) -> None:
        os.chdir(settings.BASE_DIR)
        for folder in ("log", "broker", "broker-control", "cache", "static"):
            (settings.STATE_DIR / folder).mkdir(parents=True, exist_ok=True)
        with lock(settings.STATE_DIR / "up.lock"):
            refuse_taken_ports(port, demo.ports() if settings.DEMO else [])
            with_fleet = self.prepare()
            supervisor = Supervisor(programs(port, with_fleet=with_fleet), say=self.stdout.write)
            with stopping_on_signals(supervisor):
                supervisor.run(tick=Announcement(port, self.stdout, supervisor))
            self.stdout.write("Stopped. `make run` continues where it was.")

    def prepare(self) -> bool:
        """Bring the database and the static files up to date; return whether the demo fleet belongs to it."""
        self.stdout.write("Preparing the database and the static files …")
        call_command("migrate", verbosity=0, interactive=False)
        call_command("collectstatic", verbosity=0, interactive=False)
        if settings.DEMO and demo.is_wanted():
            demo.load()
        with_fleet = settings.DEMO and demo.is_loaded()
        connections.close_all()  # the supervisor itself keeps no hold on the database
        return with_fleet


class Announcement:
    """Says once where the portal is, as soon as it answers, and how to get in."""

    def __init__(self, port: int, out: Any, supervisor: Supervisor) -> None:
        self.port, self.out, self.supervisor = port, out, supervisor
        self.begun, self.made = supervisor.clock(), False

    def __call__(self) -> None:
        if self.made:
            return
        if port_answers(self.port):
            self.made = True
            self.out.write(f"Gatepass: {settings.PUBLIC_URL}")
            self.out.write(way_in())
            connections.close_all()
        elif self.supervisor.clock() - self.begun > PATIENCE:
            self.made = True
            self.out.write(f"The web process does not answer yet; see {settings.STATE_DIR / 'log' / 'web.log'}.")


def way_in() -> str:
    """One line: a single-use link while no administrator has a password, afterwards how to get one."""
    administrator = first_administrator()
    if somebody_has_a_password():
        return f"Sign in there. Locked out? make sign-in-link EMAIL={administrator.email}"
    link = make_link(user=administrator, purpose=SignInLink.Purpose.WELCOME, actor=None)
    return f"Sign in as {administrator.email} (once, within 3 days): {link}"


def programs(port: int, *, with_fleet: bool) -> list[Program]:
    """The children of the supervisor. One web process with threads: the rehearsal calls the web that started it."""
    python, logs = [sys.executable, "-m"], settings.STATE_DIR / "log"
    web = web_command(host="127.0.0.1", port=port)
    worker = ["celery", "-A", "portal", "worker", "--concurrency", "2", "--loglevel", "INFO"]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    commands = {"web": web, "worker": worker, "beat": ["celery", "-A", "portal", "beat", "--loglevel", "INFO"]}
    if with_fleet:
        commands["demo"] = ["rollout.simulator", "--demo", "--port-base", str(settings.DEMO_PORT_BASE)]
    return [Program(name, [*python, *command], logs / f"{name}.log") for name, command in commands.items()]


def lock(path: Path) -> TextIO:
    """Hold the state directory for this process, as a context manager. Raises CommandError when another one has it."""
    held = path.open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        held.close()
        raise CommandError(
            f"Gatepass already runs from {path.parent}. Stop it first (Ctrl-C where it runs)."
        ) from error
    return held


def refuse_taken_ports(port: int, fleet: list[int]) -> None:
    """Raise CommandError, with what to do, before anything is started on a port that is not ours."""
    if not port_is_free(port):
        raise CommandError(f"Port {port} is in use. Choose another one: make run PORT={port + 1000}")
    if port in fleet:
        raise CommandError(f"The demo fleet uses port {port} too. Choose another one: make run PORT={port + 1000}")
    if busy := ", ".join(str(number) for number in fleet if not port_is_free(number)):
        raise CommandError(
            f"The demo fleet's ports are in use: {busy}. Start without it (make run DEMO=0) "
            f"or elsewhere (make run DEMO_PORT_BASE={settings.DEMO_PORT_BASE + 1000})."
        )
