"""Four writers and a shipper, killed two hundred times: nothing is lost or doubled."""

import json
import subprocess
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.faults

Program = Callable[..., "subprocess.Popen[bytes]"]
WRITERS = 4
KILLS = 200


@pytest.mark.parametrize("durability", ["process", "power"])
def test_what_was_acknowledged_arrives_once(
    start: Program, folder: Path, durability: str
) -> None:
    """After each kill the records of that life are there up to its last acknowledgement.

    At most one more, which was in flight, and none between is missing; counts lie
    between what was acknowledged and that plus one for each life.
    """
    process = start("kill_and_ship.py", folder, durability, KILLS)
    assert process.stdout is not None
    told = json.loads(process.stdout.read())

    numbers: dict[int, list[int]] = defaultdict(list)
    for error_id in told["ids"]:
        numbers[int(error_id[17:21], 16)].append(int(error_id[21:], 16))
    assert len(told["lives"]) == KILLS + WRITERS
    for life, (records, _) in enumerate(told["lives"]):
        found = sorted(numbers.pop(life, []))
        assert found == list(range(len(found))), "lost or doubled"
        assert records <= len(found) <= records + 1
    assert numbers == {}
    for place in range(WRITERS):
        lives = told["lives"][place::WRITERS]
        acknowledged = sum(counts for _, counts in lives)
        counted = told["counts"][f"{place + 1:016x}"]
        assert acknowledged <= counted <= acknowledged + len(lives)
    assert sum(records for records, _ in told["lives"]) > KILLS
