"""What a look of the alerts costs with 5,000 groups, by the rules that are there by default.

In SQLite, in CPU time of the thread that looks, with what it writes; it does so every ten
seconds, or more seldom. Every group fails three times a minute for ten minutes, and has
failed as often in the last day. The channel takes nothing.
"""

import hashlib
import logging
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec

from failwell._settings import read_settings
from failwell.alerts import Alerts, make_rule
from failwell.fleet import Fleet, StoreBoard
from failwell.records import GroupDefinition
from failwell.spool import Counter, FrameKind, SpoolFrame
from failwell.store import Deployment, Store
from failwell.testing import ManualClock

GROUPS = 5_000
ROUNDS = 15
CHANNEL = "webhook+https://0123456789abcdef@127.0.0.1/"
MINUTES = (*range(10), *(60 * hour for hour in range(1, 25)))
"""How long ago, in minutes, each group has failed three times."""


def main() -> None:
    """Fill a store, look at it, and print the figures."""
    logging.disable(logging.WARNING)  # that the channel takes nothing
    with tempfile.TemporaryDirectory() as folder:
        clock = ManualClock()
        with closing(Store(f"sqlite:///{folder}/store.db", clock=clock)) as store:
            _fill(store, clock)
            _look(store, Path(folder), clock)


def _fill(store: Store, clock: ManualClock) -> None:
    frames = [
        SpoolFrame(FrameKind.DEFINITION, key + definition, number)
        for number, (key, definition) in enumerate(_definitions(), start=1)
    ]
    minute = int(clock.now() // 60)
    counters = [
        Counter(slot * GROUPS + number, frame.payload[:8], minute - ago, 3)
        for slot, ago in enumerate(MINUTES)
        for number, frame in enumerate(frames)
    ]
    store.ingest("unit", frames, counters, finished=True)


def _definitions() -> Iterator[tuple[bytes, bytes]]:
    for number in range(GROUPS):
        definition = msgspec.json.encode(
            GroupDefinition(
                hash=f"{number:016x}",
                application="shop",
                environment="production",
                code="INTERNAL_ERROR",
                type=f"shop.Error{number}",
                culprit="shop.views:buy",
                message="no more of it",
            )
        )
        yield hashlib.blake2b(definition, digest_size=8).digest(), definition


def _look(store: Store, folder: Path, clock: ManualClock) -> None:
    settings = read_settings(
        {"FAILWELL_ALERTS_TO": CHANNEL},
        import_name="shop",
        instance_path=folder,
        environ={},
    )
    whose = Deployment("shop", "production")
    fleet = Fleet(StoreBoard(store, whose, clock), interval_s=2, clock=clock)
    alerts = Alerts(store, settings, fleet, clock=clock)
    print(f"the first, at {GROUPS:,} new groups: {_cost(alerts, clock):.0f} ms")
    _report("while all of them fail", alerts, clock)
    alerts.add(make_rule("hour", "threshold", minutes=60, count=10_000), by="bench")
    _report("with a threshold over an hour", alerts, clock)
    alerts.remove("hour", by="bench")
    clock.advance(900)
    _report("when all is quiet", alerts, clock)


def _report(what: str, alerts: Alerts, clock: ManualClock) -> None:
    costs = [_cost(alerts, clock) for _ in range(ROUNDS)]
    print(f"{what}: {statistics.median(costs):.1f} ms")


def _cost(alerts: Alerts, clock: ManualClock) -> float:
    clock.advance(5)
    before = time.thread_time()
    alerts.turn()
    return (time.thread_time() - before) * 1000


if __name__ == "__main__":
    main()
