"""More errors than there is room for: counts stay exact, disk and memory bounded."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from failwell.spool import FrameKind, SpoolDirectory, measure

pytestmark = pytest.mark.faults

Program = Callable[..., "subprocess.Popen[bytes]"]
STORM = Path(__file__).parents[2] / "benchmarks" / "storm.py"
QUOTA = 16 * 1024 * 1024
SECONDS = 4


def test_a_storm_is_counted_exactly() -> None:
    """Eight threads raise for some seconds; the benchmark itself holds the promises."""
    command = [sys.executable, str(STORM), str(SECONDS)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert "counted" in done.stdout


def test_four_processes_stay_within_the_quota(
    start: Program, directory: SpoolDirectory, folder: Path
) -> None:
    """They fill the folder up to its last part, and never beyond; counts are exact."""
    processes = [
        start("fill_quota.py", folder, name, QUOTA, SECONDS) for name in "abcd"
    ]
    most = 0
    while any(process.poll() is None for process in processes):
        most = max(most, measure(folder).used)
        threading.Event().wait(0.01)
    told = []
    for process in processes:
        assert process.stdout is not None
        told.append(json.loads(process.stdout.read()))
    counted = records = 0
    for unit in directory.units():
        counted += sum(counter.count for counter in unit.counters())
        records += sum(frame.kind is FrameKind.RECORD for frame in unit.frames())
        assert unit.damaged_bytes == 0

    kept = sum(kept for kept, _ in told)
    refused = sum(refused for _, refused in told)
    assert 0.85 * QUOTA < most < QUOTA
    assert refused > 1000
    assert records == kept
    assert counted == kept + refused
