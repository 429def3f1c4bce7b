"""`make bench`: runs every benchmark and ends with 1 when one misses its goal."""

import sys

from . import dashboard

if __name__ == "__main__":
    sys.exit(0 if dashboard.main() else 1)
