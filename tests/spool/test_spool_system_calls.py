"""Whatever system call of the spool fails, the client's answer is the same.

In a real application; what is not kept or not counted is counted as that.
"""

import errno
import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest
from flask import Flask
from small_disks import make_small_disk, remove_small_disk
from system_calls import FAULTS, SHORT, Call, SystemCalls, watched

from failwell import Failwell
from failwell.spool import FrameKind, Spool, SpoolDirectory, Unit
from failwell.spool._memory_unit import MemoryUnit

pytestmark = pytest.mark.faults

ERRORS = 8
MOST = 10
PATIENCE_S = 60
NOT_KEPT = {"error not written", "quota", "disk full"}
Answers = list[tuple[int, str, frozenset[str]]]
Program = Callable[..., "subprocess.Popen[bytes]"]
EXPECTED: Answers = [
    (500, "INTERNAL_ERROR", frozenset({"code", "message", "details", "id"}))
] * ERRORS + [(404, "NOT_FOUND", frozenset({"code", "message", "details"}))] * 2


class Application:
    """A Flask application with failwell, and what its clients got."""

    def __init__(self, place: Path, durability: str) -> None:
        self.app = Flask("app", instance_path=str(place))
        self.app.config["FAILWELL_SPOOL_DURABILITY"] = durability
        Failwell(self.app)
        self.app.logger.disabled = True
        self.answers: Answers = []
        self.ids: list[str] = []

        @self.app.get("/fail/<int:number>")
        def fail(number: int) -> str:
            if number % 2:
                raise KeyError(number)
            raise ValueError(number)

    @property
    def journal(self):  # noqa: ANN201 - of the application
        """What failwell keeps at the application."""
        return self.app.extensions["failwell"]

    def serve(self) -> None:
        """Serve requests, with a new unit in their midst, and end."""
        client = self.app.test_client()
        paths = [f"/fail/{number}" for number in range(ERRORS)]
        for path in paths:
            self._get(client, path)
            if path == paths[4]:
                self._close()
        for _ in range(2):
            self._get(client, "/nowhere")
        self._close()

    def _close(self) -> None:
        self.journal.recorder._sink.close()

    def _get(self, client, path: str) -> None:  # noqa: ANN001 - Flask's client
        answer = client.get(path)
        error = answer.json["error"]
        self.answers.append((answer.status_code, error["code"], frozenset(error)))
        if "id" in error:
            self.ids.append(error["id"])


@contextmanager
def nobody_ships(place: Path) -> Iterator[None]:
    """Hold the right to ship, so that all stays in the spool."""
    lock = SpoolDirectory(place / "failwell" / "spool").elect()
    assert lock is not None
    with lock:
        yield


def run(
    place: Path,
    durability: str,
    monkeypatch: pytest.MonkeyPatch,
    chosen: Call | None = None,
    fault: int | str = 0,
) -> tuple[Application, SystemCalls]:
    """Serve while the chosen call fails; return the application and the calls."""
    place.mkdir()
    with nobody_ships(place), watched(monkeypatch) as calls:
        calls.chosen, calls.fault = chosen, fault
        application = Application(place, durability)
        application.serve()
        application.journal._parts.shipper.stop()
        # What waited in memory is written with the next rounds.
        calls.chosen = None
        application._close()
    return application, calls


def read(units: Iterable[Unit | MemoryUnit]) -> tuple[set[str], int]:
    """Return the ids of the records, and how many errors and answers are counted."""
    records: set[str] = set()
    counted = 0
    for unit in units:
        counters, losses = unit.counters(), set()
        for frame in unit.frames():
            if frame.kind is FrameKind.RECORD:
                records.add(msgspec.json.decode(frame.payload)["id"])
            elif frame.kind is FrameKind.DEFINITION and b'"loss"' in frame.payload:
                losses.add(frame.payload[:8])
        counted += sum(c.count for c in counters if c.key not in losses)
    return records, counted


def lost(dropped: dict[str, int]) -> int:
    """Return how many records the recorder says are not kept."""
    return sum(dropped.get(reason, 0) for reason in NOT_KEPT)


def check(application: Application) -> None:
    """Hold what can be read, and what is counted as lost, against what was raised."""
    records, counted = read(application.journal.source.units())
    dropped = application.journal.recorder.dropped
    assert application.answers == EXPECTED
    assert len(set(application.ids) - records) == lost(dropped)
    not_counted = dropped.get("error not counted", 0)
    not_counted += dropped.get("answer not counted", 0)
    assert counted == len(EXPECTED) - not_counted


@pytest.mark.parametrize("durability", ["process", "power"])
def test_the_answers_do_not_depend_on_any_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durability: str
) -> None:
    """Each call fails once with each error, the first ten times that it is made."""
    whole, calls = run(tmp_path / "whole", durability, monkeypatch)
    check(whole)
    assert whole.journal.recorder.dropped == {}
    chosen = [call for call in dict.fromkeys(calls.seen) if call.before < MOST]
    tried = 0

    for number, call in enumerate(chosen):
        for fault in FAULTS:
            if fault == SHORT and call.function not in {"write", "writev"}:
                continue
            place = tmp_path / f"{number}-{fault}"
            application, calls = run(place, durability, monkeypatch, call, fault)
            try:
                check(application)
            except AssertionError as error:
                name = fault if fault == SHORT else errno.errorcode[int(fault)]
                pytest.fail(f"{call} with {name}: {error}")
            tried += calls.failed

    assert {call.function for call in chosen} >= {
        "writev",
        "fdatasync",
        "flock",
        "mmap",
    }
    assert tried > 4 * len(chosen) * 0.9


def test_a_torn_frame_that_cannot_be_taken_back_is_passed_over(
    spool: Spool, directory: SpoolDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk takes half of a frame and then no truncation, the rest is read."""
    spool.append(b"before")
    with watched(monkeypatch) as calls:
        calls.faults = {"writev": SHORT, "ftruncate": errno.EIO}
        with pytest.raises(OSError, match="Input/output"):
            spool.append(b"torn" * 100)
        calls.faults = {}
        spool.append(b"behind")
    spool.close()
    (unit,) = directory.units()

    assert [f.payload for f in unit.frames()] == [b"before", b"behind"]
    assert unit.damaged_bytes > 0


def test_a_disk_that_runs_full_changes_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real disk of a megabyte, filled between two requests, and emptied again."""
    disk = tmp_path / "disk"
    make_small_disk(disk)
    try:
        monkeypatch.setenv("FAILWELL_SPOOL_DIR", str(disk / "spool"))
        application = Application(tmp_path, "process")
        with SpoolDirectory(disk / "spool").elect() or pytest.fail("it is taken"):
            application.serve()
            fill = (disk / "filler").open("wb", buffering=0)
            with fill, suppress(OSError):
                while fill.write(bytes(4096)):
                    pass
            application.serve()
            (disk / "filler").unlink()
            application.journal._parts.shipper.stop()
            application._close()
        records, counted = read(application.journal.source.units())
    finally:
        remove_small_disk(disk)

    dropped = application.journal.recorder.dropped
    assert application.answers == EXPECTED * 2
    assert len(set(application.ids) - records) == lost(dropped) > 0
    assert dropped["disk full"] > 0
    assert counted == len(EXPECTED) * 2


@pytest.mark.parametrize("durability", ["process", "power"])
@pytest.mark.parametrize(
    "injection",
    [
        "writev:error=ENOSPC:when=3..5",
        "writev:error=EIO:when=1+3",
        "writev:error=EINTR:when=2+4",
        "fdatasync:error=EIO:when=1+",
        "fdatasync:error=ENOSPC:when=2..4",
        "fdatasync:delay_enter=300000:when=1",
        "fallocate:error=ENOSPC:when=2",
        "fallocate:error=EINTR:when=2",
        "flock:error=EIO:when=3",
        "fsync:error=EIO:when=1+",
    ],
)
def test_the_kernel_itself_refuses(
    start_traced: Program, tmp_path: Path, injection: str, durability: str
) -> None:
    """The same with real calls of a real process, made to fail by strace."""
    with nobody_ships(tmp_path):
        process = start_traced(injection, "serve_failing.py", tmp_path, durability)
        output, _ = process.communicate(timeout=PATIENCE_S)

    told = json.loads(output)
    records, counted = read(SpoolDirectory(tmp_path / "failwell" / "spool").units())
    ids = {error_id for _, error_id in told["answers"]}
    assert [status for status, _ in told["answers"]] == [500] * 10
    assert len(ids - records) == lost(told["dropped"])
    assert counted == 10 - told["dropped"].get("error not counted", 0)
