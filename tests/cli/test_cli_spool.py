"""`flask failwell spool`: looks without touching, and repairs without losing."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from flask import Flask

from failwell.records import ErrorRecord
from failwell.spool import FrameKind, Spool, SpoolDirectory
from failwell.testing import ManualClock

Run = Callable[..., Result]
Record = Callable[..., ErrorRecord]
RECORDS = 5


@pytest.fixture
def folder(app: Flask) -> Path:
    """Return the spool's folder."""
    folder: Path = app.extensions["failwell"].settings.spool_dir
    return folder


@pytest.fixture
def left(folder: Path, record_into: Record, clock: ManualClock) -> list[ErrorRecord]:
    """Leave a unit behind with five records, and return them."""
    spool = Spool(folder, clock=clock)
    records = [record_into(spool, clock) for _ in range(RECORDS)]
    spool.note_user(bytes.fromhex(records[0].group), b"the user")
    spool.close()
    return records


def damage(folder: Path, number: int) -> int:
    """Write over the middle of the record of that number; return its frame's size."""
    (unit,) = SpoolDirectory(folder).units()
    frames = list(unit.frames())
    records = [i for i, frame in enumerate(frames) if frame.kind is FrameKind.RECORD]
    at = records[number]
    segment = unit.paths[0]
    content = bytearray(segment.read_bytes())
    start = frames[at - 1].end
    content[start + 30 : start + 34] = b"\0\0\0\0"
    segment.write_bytes(content)
    return frames[at].end - start


def ids(folder: Path) -> list[str]:
    """Return the ids of the records that can be read."""
    return [
        msgspec.json.decode(frame.payload)["id"]
        for unit in SpoolDirectory(folder).units()
        for frame in unit.frames()
        if frame.kind is FrameKind.RECORD
    ]


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return all that `check` and `dump` must leave alone."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
    }


def checked(result: Result) -> dict[str, Any]:
    """Return what `check --json` says of the only unit."""
    (unit,) = json.loads(result.stdout)["units"]
    return dict(unit)


def test_check_tells_what_is_there(
    flask: Run, folder: Path, left: list[ErrorRecord]
) -> None:
    """Frames by their kind, counts, sizes, whose it was; nothing is touched."""
    before = contents(folder)

    result = flask("spool", "check", "--json")

    unit = checked(result)
    found = {
        name: unit[name] for name in ("records", "definitions", "users", "counted")
    }
    assert result.exit_code == 0
    assert found == {"records": 5, "definitions": 1, "users": 1, "counted": 5}
    assert (unit["damaged_bytes"], unit["problem"], unit["is_live"]) == (0, "", False)
    assert json.loads(result.stdout)["bytes"] == sum(len(c) for c, _ in before.values())
    assert contents(folder) == before


def test_check_needs_no_folder(flask: Run, folder: Path) -> None:
    """Before the first error there is nothing, and looking makes nothing."""
    result = flask("spool", "check")

    assert result.exit_code == 0
    assert "0 units" in result.stdout
    assert not folder.exists()


def test_check_fails_where_something_is_damaged(
    flask: Run, folder: Path, left: list[ErrorRecord]
) -> None:
    """How many bytes, and where."""
    size = damage(folder, 2)

    as_json, as_table = flask("spool", "check", "--json"), flask("spool", "check")

    assert (as_json.exit_code, as_table.exit_code) == (1, 1)
    unit = checked(as_json)
    assert unit["damaged_bytes"] == size
    assert unit["gaps"][0][1] - unit["gaps"][0][0] == size
    assert f"{size:,} bytes" in as_table.stdout


def test_check_says_what_it_cannot_read(flask: Run, folder: Path) -> None:
    """A unit of a newer version is no damage: it wants that version."""
    folder.mkdir(parents=True)
    newer = b"FWCOUNT\x09" + bytes(40)
    (folder / "0123456789ab-00000001-000000000001.cnt").write_bytes(newer)

    result = flask("spool", "check")

    assert result.exit_code == 1
    assert "newer failwell" in result.stdout


def test_a_living_unit_is_shown_as_such(
    flask: Run, folder: Path, record_into: Record, clock: ManualClock
) -> None:
    """Whose process is at work is left alone, also by `repair`."""
    spool = Spool(folder, clock=clock)
    record_into(spool, clock)
    record_into(spool, clock)
    damage(folder, 0)

    check, repair = flask("spool", "check", "--json"), flask("spool", "repair")

    assert checked(check)["is_live"] is True
    assert "left alone" in repair.stdout
    assert not (folder / "quarantine").exists()
    spool.close()


def test_dump_prints_every_part_as_a_line(
    flask: Run, folder: Path, left: list[ErrorRecord]
) -> None:
    """The redacted records as they are, counters, and what these count."""
    before = contents(folder)

    lines = [json.loads(line) for line in flask("spool", "dump").stdout.splitlines()]

    kinds = [line["kind"] for line in lines]
    assert kinds == ["counter", "definition", "stack", *["record"] * 5, "user"]
    assert lines[0]["count"] == 5
    assert [line["payload"]["id"] for line in lines[3:8]] == [e.id for e in left]
    assert lines[1]["key"] == lines[-1]["key"] == left[0].group
    assert lines[-1]["user"] == b"the user".hex()
    assert contents(folder) == before


def test_dump_prints_what_is_no_json(flask: Run, folder: Path) -> None:
    """Bytes that nobody can read are there all the same, and on one line."""
    spool = Spool(folder)
    poison = [b"\xff\0\n", b"[" * 20_000, b'{"a": "\xe2\x80\xa8\\u001b"}']
    for payload in poison:
        spool.append(payload)
    spool.close()

    result = flask("spool", "dump")

    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [base64.b64decode(line["payload_base64"]) for line in lines[:2]] == poison[
        :2
    ]
    assert lines[2]["payload"] == {"a": "\u2028\x1b"}
    assert "\x1b" not in result.stdout


def test_dump_of_one_unit(flask: Run, folder: Path, left: list[ErrorRecord]) -> None:
    """A unit by its name; an unknown one is a mistake."""
    (unit,) = SpoolDirectory(folder).units()

    assert len(flask("spool", "dump", unit.id).stdout.splitlines()) == 9
    assert flask("spool", "dump", "0-0-0").exit_code == 1


@pytest.mark.parametrize("number", range(RECORDS))
def test_repair_keeps_every_whole_frame_in_its_place(
    flask: Run, folder: Path, left: list[ErrorRecord], number: int
) -> None:
    """What is whole reads the same at the same offsets; the damage is laid aside."""
    size = damage(folder, number)
    (unit,) = SpoolDirectory(folder).units()
    before, content = list(unit.frames()), unit.paths[0].read_bytes()

    repaired = flask("spool", "repair", "--json")

    (entry,) = json.loads(repaired.stdout)["units"]
    (path,) = map(Path, entry["quarantined"])
    assert list(unit.frames()) == before
    assert path.read_bytes() in content
    assert len(path.read_bytes()) == size
    assert ids(folder) == [e.id for i, e in enumerate(left) if i != number]
    assert flask("spool", "check").exit_code == 0
    assert "Nothing is damaged" in flask("spool", "repair").stdout


def test_repair_cuts_a_damaged_end_off(
    flask: Run, folder: Path, left: list[ErrorRecord]
) -> None:
    """What a power cut left behind the last frame is laid aside."""
    (unit,) = SpoolDirectory(folder).units()
    whole = unit.size()
    with unit.paths[0].open("ab") as file:
        file.write(bytes(300))

    repaired = flask("spool", "repair")

    assert repaired.exit_code == 0
    assert unit.size() == whole
    assert [p.stat().st_size for p in (folder / "quarantine").iterdir()] == [300]
    assert ids(folder) == [e.id for e in left]


def test_repair_moves_counters_that_are_none(
    flask: Run, folder: Path, left: list[ErrorRecord]
) -> None:
    """A file of counters that begins with garbage counts nothing and is laid aside."""
    (unit,) = SpoolDirectory(folder).units()
    unit.paths[1].write_bytes(b"garbage" * 10)

    repaired = flask("spool", "repair")

    assert repaired.exit_code == 0
    assert (folder / "quarantine" / unit.paths[1].name).read_bytes() == b"garbage" * 10
    assert flask("spool", "check").exit_code == 0
    assert ids(folder) == [e.id for e in left]


def test_what_is_too_small_for_padding_stays(
    flask: Run, folder: Path, left: list[ErrorRecord]
) -> None:
    """A few bytes between two frames can be passed over and nothing else."""
    (unit,) = SpoolDirectory(folder).units()
    content = unit.paths[0].read_bytes()
    end = next(unit.frames()).end
    unit.paths[0].write_bytes(content[:end] + b"?!" + content[end:])

    repaired = flask("spool", "repair", "--json")

    assert json.loads(repaired.stdout)["units"][0]["left"] == 2
    assert ids(folder) == [e.id for e in left]


@pytest.mark.usefixtures("left")
def test_a_reader_that_has_gone_is_no_fault(tmp_path: Path) -> None:
    """As behind `| head`: nothing is said, and no folder is blamed."""
    program = tmp_path / "wsgi.py"
    program.write_text(
        f"from flask import Flask\nfrom failwell import Failwell\n"
        f"app = Flask('shop', instance_path={str(tmp_path)!r})\nFailwell(app)\n"
    )
    reader, writer = os.pipe()
    os.close(reader)

    with os.fdopen(writer, "wb") as output:
        ended = subprocess.run(
            [sys.executable, "-m", "flask", "failwell", "spool", "dump"],
            cwd=tmp_path,
            stdout=output,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert (ended.returncode, ended.stderr) == (1, b"")
