"""A shipper that is killed in the middle of its work: nothing is lost or doubled."""

import hashlib
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from failwell.spool import Spool, SpoolDirectory
from failwell.store import Shipper, Store

if TYPE_CHECKING:
    from tests.store.conftest import Feed

SHIP = """
import sys
from failwell.spool import SpoolDirectory
from failwell.store import Shipper, Store

def proceed():
    print("moved", flush=True)
    return True

shipper = Shipper(SpoolDirectory(sys.argv[1]), Store(sys.argv[2]))
print("begins", flush=True)
shipper.ship(proceed)
"""


@pytest.mark.parametrize(
    "rounds", [2, pytest.param(20, marks=pytest.mark.faults, id="many")]
)
def test_a_killed_shipper_loses_and_doubles_nothing(
    tmp_path: Path, store: Store, path: Path, feed: "Feed", rounds: int
) -> None:
    """Every record is in the store once, and counted once, after kill -9 in a batch."""
    number = 500 * (rounds + 1)
    definition = msgspec.json.encode(feed.define())
    key = hashlib.blake2b(definition, digest_size=8).digest()
    spool = Spool(tmp_path / "spool", clock=feed.clock)
    for n in range(number):
        spool.count(key, lambda: definition)
        spool.append(msgspec.json.encode(feed.keep(n)))
    command = [sys.executable, "-c", SHIP, str(tmp_path / "spool")]

    for turn in range(rounds):
        with subprocess.Popen(
            [*command, f"sqlite:///{path}"], stdout=subprocess.PIPE
        ) as shipping:
            assert shipping.stdout is not None
            # It is killed in its first batch and in its second, in turn.
            for _ in range(1 + turn % 2):
                assert shipping.stdout.readline()
            shipping.kill()
    with closing(spool):
        Shipper(SpoolDirectory(tmp_path / "spool"), store).ship()

    ids = Counter(record.id for record in store.recent(10_000))
    assert len(ids) == min(number, 10_000)
    assert set(ids.values()) == {1}
    assert store.groups()[0].count == number


@pytest.mark.faults
def test_a_writer_killed_while_a_shipper_works_is_moved_to_its_end(
    tmp_path: Path, store: Store
) -> None:
    """What a killed process had acknowledged is in the store, and its unit is gone."""
    folder = tmp_path / "spool"
    script = """
import sys, msgspec
from failwell.spool import Spool
spool = Spool(sys.argv[1])
record, definition = sys.stdin.buffer.read().split(b"\\n")
for n in range(10**9):
    spool.count(b"12345678", lambda: definition)
    spool.append(record.replace(b"0000000000000001", b"%016x" % n))
    sys.stdout.write(f"{n}\\n")
    sys.stdout.flush()
"""
    shipper = Shipper(SpoolDirectory(folder), store)
    acknowledged = 0
    for _ in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", script, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        with writer:
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdin.write(_RECORD + b"\n" + _DEFINITION)
            writer.stdin.close()
            for _ in range(300):
                last = writer.stdout.readline()
            shipper.ship()
            writer.kill()
            acknowledged += 1 + int((writer.stdout.read().split() or [last])[-1])
    shipper.ship()

    assert SpoolDirectory(folder).units() == []
    assert acknowledged <= store.groups()[0].count <= acknowledged + 5


_DEFINITION = (
    b'{"kind":"group","hash":"0123456789abcdef","application":"shop","environment":"p",'
    b'"code":"INTERNAL_ERROR","type":"E","culprit":"m:f"}'
)
_RECORD = (
    b'{"id":"0123456789abcdef-0000000000000001","group":"0123456789abcdef",'
    b'"timestamp":1.0,"application":"shop","environment":"p","code":"INTERNAL_ERROR",'
    b'"exceptions":[{"type":"E","message":"m"}]}'
)
