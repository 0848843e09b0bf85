"""The thread that takes the turns, in the process that is elected to ship."""

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator

from failwell._clock import Clock
from failwell.store import StoreError

_REST_S = 10.0
_REST_PER_WORK = 20
_LONGEST_REST_S = 120.0
_STOP_S = 5.0
_logger = logging.getLogger("failwell")


@contextlib.contextmanager
def taking_turns(turn: Callable[[], object], clock: Clock) -> Iterator[None]:
    """Take turns on a thread while the block lasts: every 10 seconds, or seldom if slow.

    It rests twenty times as long as it worked, so that it never takes more than a
    twentieth of a core.

    Args:
        turn: Taken again and again, whatever it raises.
        clock: Measures how long it took.
    """
    stop = threading.Event()
    thread = threading.Thread(
        target=_run, args=(turn, clock, stop), name="failwell-alerts", daemon=True
    )
    # Where no thread can be had, at exit or at the machine's limit, errors are shipped
    # all the same.
    with contextlib.suppress(RuntimeError):
        thread.start()
    try:
        yield
    finally:
        stop.set()
        if thread.ident is not None:
            # One that is just sending does not keep the process.
            thread.join(_STOP_S)


def _run(turn: Callable[[], object], clock: Clock, stop: threading.Event) -> None:
    is_failing = False
    while not stop.is_set():
        began = clock.monotonic()
        try:
            turn()
            is_failing = False
        except StoreError:
            # The shipper says so.
            pass
        except Exception:
            if not is_failing:
                is_failing = True
                # It may be the log that fails: a filter or handler of the application's.
                with contextlib.suppress(Exception):
                    _logger.exception("Alerts cannot be judged")
        spent = clock.monotonic() - began
        stop.wait(min(max(_REST_S, _REST_PER_WORK * spent), _LONGEST_REST_S))
