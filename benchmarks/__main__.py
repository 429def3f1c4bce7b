"""`make bench`: runs all benchmarks, or the named ones; exit code 1 if one misses its goal.

`python -m benchmarks sweep evaluation` runs two of them; `BENCH_SITES=1000` makes the sweep smaller.
"""

import sys
from importlib import import_module

NAMES = ("evaluation", "lint", "dashboard", "client", "sweep", "fast_path", "provider")


def main(names: list[str]) -> bool:
    """Run the named benchmarks, each of which prints its table; return whether all goals were met."""
    if unknown := [name for name in names if name not in NAMES]:
        raise SystemExit(f"Unknown benchmark: {', '.join(unknown)}. Available: {', '.join(NAMES)}.")
    met = []
    for name in names or NAMES:
        met.append(import_module(f"benchmarks.{name}").main())
        print(flush=True)
    return all(met)


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
