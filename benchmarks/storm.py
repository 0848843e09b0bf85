"""A storm: eight threads raise and capture errors as fast as the machine gives.

Every one is counted exactly, memory and disk stay bounded; the rate is what is reached
here. The recorder and the spool are real, errors are of forty groups, ten frames deep, and
nobody ships. `storm.py SECONDS`, default 30.
"""

import sys
import tempfile
import threading
import time
from pathlib import Path

from failwell._settings import read_settings
from failwell.records import Recorder
from failwell.spool import KEY_SIZE, FrameKind, Spool, SpoolDirectory, measure

THREADS = 8
CODES = [f"STORM_{number}" for number in range(40)]
DEPTH = 10
SECONDS = 30.0
WANTED_RATE = 50_000
MOST_GROWTH = 32 * 1024 * 1024
LOOK_S = 0.1


def descend(depth: int) -> None:
    """Raise, that many frames deeper."""
    if depth:
        descend(depth - 1)
    raise KeyError(depth)


class Storm:
    """The threads, and how many errors each has raised."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._stop = threading.Event()
        self.raised = [0] * THREADS
        self._threads = [
            threading.Thread(target=self._run, args=(n,)) for n in range(THREADS)
        ]

    def _run(self, thread: int) -> None:
        number = thread
        while not self._stop.is_set():
            try:
                descend(DEPTH)
            except KeyError as error:
                self._recorder.capture(error, code=CODES[number % len(CODES)])
                self.raised[thread] += 1
            number += 1

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Have all threads end."""
        self._stop.set()
        for thread in self._threads:
            thread.join()


def resident() -> int:
    """Return the bytes of memory that this process has at present."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def counted(folder: Path) -> int:
    """Return the sum of the groups' counters on the disk."""
    total = 0
    for unit in SpoolDirectory(folder).units():
        counters = unit.counters()
        groups = {
            frame.payload[:KEY_SIZE]
            for frame in unit.frames()
            if frame.kind is FrameKind.DEFINITION and b'"group"' in frame.payload
        }
        total += sum(counter.count for counter in counters if counter.key in groups)
    return total


def main() -> None:
    """Let it storm, print what came of it, and fail where a promise is broken."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    with tempfile.TemporaryDirectory() as place:
        settings = read_settings({}, import_name="storm", instance_path=place)
        folder = Path(place) / "spool"
        spool = Spool(folder, quota=settings.spool_quota)
        recorder = Recorder(settings, spool)
        storm = Storm(recorder)
        storm.start()
        time.sleep(min(1.0, seconds / 4))
        before, begun, raised = resident(), time.monotonic(), sum(storm.raised)
        growth = disk = 0
        while time.monotonic() - begun < seconds:
            time.sleep(LOOK_S)
            growth = max(growth, resident() - before)
            disk = max(disk, measure(folder).used)
        rate = (sum(storm.raised) - raised) / (time.monotonic() - begun)
        storm.end()
        spool.close()
        total = counted(folder)
    print(
        f"A storm of {seconds:g} s, {THREADS} threads: {rate:,.0f} errors/s"
        f" ({rate / WANTED_RATE:.2f} of {WANTED_RATE:,}), {sum(storm.raised):,} raised,"
        f" {total:,} counted, memory +{growth / 2**20:.1f} MiB,"
        f" disk {disk / 2**20:.1f} of {settings.spool_quota / 2**20:.0f} MiB"
    )
    assert total == sum(storm.raised), "an error was not counted, or twice"
    assert recorder.dropped == {}
    assert growth < MOST_GROWTH
    assert disk < settings.spool_quota


if __name__ == "__main__":
    main()
