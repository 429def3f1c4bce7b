"""The check of an app configuration: 1 MiB compared with 128 KiB, without faults and with several in each entry.

Eight times the size may take ten times as long: the check takes linear time. Times are CPU times of this process, the
best of several rounds, so that other load on the machine matters less.
"""

from __future__ import annotations

import time

from rollout.mdm.checked_configuration import MAX_BYTES, check_configuration
from rollout.mdm.plist import bare_dict

GOAL = 10.0
ROUNDS = 5
SMALL = MAX_BYTES // 8
_CLEAN = (
    '{{ "title": "Site {0}", "baseURL": "https://s{0}.example.com", "oauth": '
    '{{ "clientID": "{0:032x}", "cacheSessionInMobileBrowser": false }} }}'
)
_FAULTY = (
    '{{title: \'Site {0}\', “baseURL”: "https://s{0}.example.com/", "oauth": '
    '{{"clientId": "{0:032x}", "cacheSessionInMobileBrowser": "False",}}}}'
)


def site_list(entry: str, size: int) -> str:
    """Return a list of at most ``size`` bytes."""
    entries, length = [], 4
    while length < size:
        entries.append(entry.format(len(entries)))
        length += len(entries[-1].encode()) + 2
    return f"[ {', '.join(entries[:-1])} ]"


def seconds(data: bytes) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.process_time()
        check_configuration(data, "json")
        best = min(best, time.process_time() - started)
    return best


def main() -> bool:
    """Print the time of both sizes and their ratio for each kind of text; return whether the goal was met."""
    print("Check of an app configuration      128 KiB      1 MiB   ratio    goal")
    met = True
    for name, build in (
        ("list without faults", lambda size: site_list(_CLEAN, size)),
        ("list with faults everywhere", lambda size: site_list(_FAULTY, size)),
        ("property list", lambda size: bare_dict(site_list(_CLEAN, size - 100))),
    ):
        small, large = (seconds(build(size).encode()) for size in (SMALL, MAX_BYTES))
        ratio = large / small
        met &= ratio <= GOAL
        print(f"{name:30}{small * 1000:9.0f} ms{large * 1000:8.0f} ms{ratio:7.1f}x  ≤ {GOAL:.0f}x")
    return met
