"""Exceptions that end a thread, or the process.

Owns `threading.excepthook` and `sys.excepthook`. Both record first, for what was there
before may end the process at once, and then let it do what it did.
"""

import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

from failwell.hooks._link import Slot
from failwell.hooks._report import report


def _thread_ends(
    previous: Callable[[Any], object], args: threading.ExceptHookArgs, /
) -> None:
    report(
        args.exc_value,
        lambda settings: settings.hooks_threads,
        origin="thread",
        context={} if args.thread is None else {"thread": args.thread.name},
    )
    previous(args)


def _process_ends(
    previous: Callable[[Any, Any, Any], object],
    kind: type[BaseException],
    error: BaseException,
    traceback: TracebackType | None,
    /,
) -> None:
    # In an interactive session a person sees it, and nothing ends.
    if not hasattr(sys, "ps1"):
        report(error, lambda settings: settings.hooks_process, origin="process")
    previous(kind, error, traceback)


THREADS = Slot(
    lambda: threading.excepthook,
    lambda hook: setattr(threading, "excepthook", hook),
    _thread_ends,
)
PROCESS = Slot(
    lambda: sys.excepthook, lambda hook: setattr(sys, "excepthook", hook), _process_ends
)
