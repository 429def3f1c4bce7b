"""Run the web server in this process. `portal.serving.web_command` holds its command line."""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.serving.local_ports import reserve_port
from portal.serving.web_command import web_command


class Command(BaseCommand):
    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8000, help="port to listen on")
        parser.add_argument("--processes", type=int, default=1, help="number of web processes")
        parser.add_argument("--threads", type=int, default=8, help="threads of each process; at least two in total")

    def handle(self, *args: Any, host: str, port: int, processes: int, threads: int, **options: Any) -> None:
        try:
            reservation = reserve_port(host, port)
        except OSError as error:
            raise CommandError(
                f"Port {port} of {host} is in use or not permitted. Stop the other server, or choose another --port."
            ) from error
        reservation.set_inheritable(True)  # held by the web server
        command = web_command(host=host, port=port, processes=processes, threads=threads)
        if processes > 1 and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            # Where the processes add up their counters, so that every one of them returns the sum as metrics.
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="gatepass-metrics-")
        os.execv(sys.executable, [sys.executable, "-m", *command])  # noqa: S606  (fixed command line)
