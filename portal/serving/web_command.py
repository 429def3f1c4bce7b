"""The command that starts the web server."""

from __future__ import annotations


def web_command(*, host: str, port: int, processes: int = 1, threads: int = 8) -> list[str]:
    """The arguments after ``python -m``. At least two threads, because a sign-in test sends requests to the web
    server that started it.
    """
    return [
        "granian", "portal.wsgi:application", "--interface", "wsgi", "--host", host, "--port", str(port),
        "--workers", str(processes), "--blocking-threads", str(threads), "--http", "1", "--no-ws",
        "--respawn-failed-workers", "--workers-kill-timeout", "5", "--log-level", "warning",
    ]  # fmt: skip
