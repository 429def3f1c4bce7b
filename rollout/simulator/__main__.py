"""Serves simulated sites until it is stopped: ``python -m rollout.simulator --port-base 8101``."""

from __future__ import annotations

import argparse
import signal
import threading

from .fleet import SimulatedFleet
from .table import DEMO, PERSONAS


def main(arguments: list[str] | None = None) -> int:
    """Return 0 after SIGTERM or SIGINT, 1 if a port is in use."""
    parser = argparse.ArgumentParser(prog="python -m rollout.simulator", description=__doc__)
    parser.add_argument("--port-base", type=int, default=8101, help="the first port (default: 8101)")
    parser.add_argument("--demo", action="store_true", help="serve only the sites of the demo")
    options = parser.parse_args(arguments)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        fleet = SimulatedFleet(DEMO if options.demo else PERSONAS, port_base=options.port_base)
    except (OSError, OverflowError) as error:
        print(f"The simulated sites cannot start from port {options.port_base}: {error}", flush=True)
        return 1
    with fleet:
        for name, simulated in fleet.sites.items():
            print(f"{name:22} {fleet.base_url(name)}  {simulated.description}", flush=True)
        for name, reason in fleet.left_out.items():
            print(f"{name:22} is not served: {reason}.", flush=True)
        stopping.wait()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
