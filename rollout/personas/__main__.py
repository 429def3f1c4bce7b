"""Serves the demo fleet until it is told to stop: ``python -m rollout.personas --port-base 8101``."""

from __future__ import annotations

import argparse
import signal
import threading

from .fleet import PersonaFleet


def main(arguments: list[str] | None = None) -> int:
    """0 after SIGTERM or SIGINT, 1 when a port is taken."""
    parser = argparse.ArgumentParser(prog="python -m rollout.personas", description=__doc__)
    parser.add_argument("--port-base", type=int, default=8101, help="the first of the fleet's ports (default 8101)")
    port_base = parser.parse_args(arguments).port_base
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        fleet = PersonaFleet(port_base=port_base)
    except (OSError, OverflowError) as error:
        print(f"The demo fleet cannot start from port {port_base}: {error}", flush=True)
        return 1
    with fleet:
        for name in fleet.personas:
            print(f"{name:16} {fleet.base_url(name)}", flush=True)
        stopping.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
