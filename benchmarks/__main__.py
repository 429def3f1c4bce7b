"""`make bench`: runs every benchmark, or those named, and ends with 1 when one misses its goal.

`python -m benchmarks sweep evaluation` runs two of them; `BENCH_SITES=1000` makes the sweep smaller.
"""

import sys
from importlib import import_module

NAMES = ("evaluation", "dashboard", "sweep", "fast_path", "provider")


def main(names: list[str]) -> bool:
    """Run the benchmarks of these names, each of which prints its table; return whether all keep their goals."""
    if unknown := [name for name in names if name not in NAMES]:
        raise SystemExit(f"There is no benchmark called {', '.join(unknown)}. There are: {', '.join(NAMES)}.")
    kept = []
    for name in names or NAMES:
        kept.append(import_module(f"benchmarks.{name}").main())
        print(flush=True)
    return all(kept)


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
