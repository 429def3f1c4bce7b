"""Ends a process when its parent is killed (on Linux): it would otherwise keep its ports and go on working."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def signal_at_parent_death(number: int) -> None:
    """Have Linux send this process the signal when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def end_with_web_server() -> None:
    """End this process, if it is a worker of the web server, when the server's main process is killed.

    An orphaned worker would listen on the port for ever, beside those of the next start.
    """
    main = multiprocessing.parent_process()
    if main is None:
        return
    signal_at_parent_death(signal.SIGKILL)
    if os.getppid() != main.pid:  # it was killed before
        os._exit(1)
