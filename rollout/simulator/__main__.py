"""Serves simulated sites until it is told to stop: ``python -m rollout.simulator --port-base 8101``."""

from __future__ import annotations

import argparse
import signal
import threading

from .fleet import SimulatedFleet
from .table import DEMO, PERSONAS


def main(arguments: list[str] | None = None) -> int:
    """0 after SIGTERM or SIGINT, 1 when a port is taken."""
    parser = argparse.ArgumentParser(prog="python -m rollout.simulator", description=__doc__)
    parser.add_argument("--port-base", type=int, default=8101, help="the first of the fleet's ports (default 8101)")
    parser.add_argument("--demo", action="store_true", help="only the sites that a trial shows")
    chosen = parser.parse_args(arguments)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        fleet = SimulatedFleet(DEMO if chosen.demo else PERSONAS, port_base=chosen.port_base)
    except (OSError, OverflowError) as error:
        print(f"The fleet cannot start from port {chosen.port_base}: {error}", flush=True)
        return 1
    with fleet:
        for name, simulated in fleet.personas.items():
            print(f"{name:22} {fleet.base_url(name)}  {simulated.story}", flush=True)
        for name, why in fleet.left_out.items():
            print(f"{name:22} is left out: {why}.", flush=True)
        stopping.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
