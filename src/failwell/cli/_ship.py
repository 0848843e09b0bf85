"""The shipper in the foreground, until a signal ends it."""

import gc
import logging
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

import click

from failwell._journal import Journal
from failwell.cli._options import StoreAwayError
from failwell.logs import escape
from failwell.store import Shipper, StoreError

_ELECTION_S = 1.0
_SIGNAL_POLL_S = 1.0


def ship_once(journal: Journal) -> None:
    """Move what is spooled now, send what alerts are due, and say what was moved.

    Raises:
        click.ClickException: Another process ships.
        StoreAwayError: The store cannot be used.
    """
    lock = journal.source.elect()
    if lock is None:
        message = "Another process is shipping already; nothing is left to do here."
        raise click.ClickException(message)
    with lock:
        try:
            moved = Shipper(journal.source, journal.store).ship()
            journal.alerts.turn()
        except StoreError as error:
            raise StoreAwayError(escape(error.describe())) from error
    click.echo(
        f"Moved {moved.records} records and {moved.counted} counts;"
        f" {moved.removed} units are finished, {moved.rejected} frames were set aside."
    )


def ship_until_signalled(journal: Journal) -> None:
    """Ship, or stand by while another process does, until SIGINT or SIGTERM."""
    stop = threading.Event()
    # What is loaded stays until the end: to look for garbage in it again and again
    # would take a tenth of the shipper's time.
    gc.freeze()
    # On a thread of its own: an Event that a signal handler sets while the same thread
    # waits for it can lock up. SimpleQueue alone is safe to use in a handler.
    worker = threading.Thread(target=_work, args=(journal, stop), name="failwell-ship")
    with _signals() as received, _changes_on_screen():
        worker.start()
        while worker.is_alive():
            try:
                received.get(timeout=_SIGNAL_POLL_S)
                break
            except Empty:
                continue
        stop.set()
        worker.join()
    click.echo("Stopped; what is spooled from now on waits for the next shipper.")


def _work(journal: Journal, stop: threading.Event) -> None:
    shipper = Shipper(journal.source, journal.store)
    said = ""
    while not stop.is_set():
        try:
            lock = journal.source.elect()
            now = "Another process is shipping; standing by to take over."
        except OSError as error:
            lock, now = None, f"The spool cannot be used: {error}; trying on."
        if lock is None:
            if now != said:
                click.echo(escape(now))
                said = now
            stop.wait(_ELECTION_S)
            continue
        with lock, journal.alerts.running():
            said = "Shipping; Ctrl-C ends it."
            click.echo(said)
            shipper.run(stop)


@contextmanager
def _signals() -> Iterator[SimpleQueue[int]]:
    received: SimpleQueue[int] = SimpleQueue()
    before = {
        number: signal.signal(number, lambda number, _: received.put(number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _changes_on_screen() -> Iterator[None]:
    """Show what the shipper logs, such as that the store is away, where nobody does."""
    logger = logging.getLogger("failwell")
    if logger.hasHandlers():
        yield
        return
    handler = _Echo(logging.INFO)
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(handler)


class _Echo(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        click.echo(escape(record.getMessage()))
