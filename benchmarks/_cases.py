"""Each case of a benchmark in a process of its own, measured round by round.

The parent says "go" on the child's standard input and reads one line of figures back,
so that rounds of different cases can be interleaved.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def serve_rounds(measure: Callable[[], Sequence[float]]) -> None:
    """Measure once for each line of standard input: what a child does."""
    for _ in sys.stdin:
        print(json.dumps(measure()), flush=True)


def pin_to_one_core() -> None:
    """Keep this process on one core.

    On two cores that share a physical one, threads of the same process would slow each
    other, and the figures would measure that.
    """
    if hasattr(os, "sched_setaffinity"):  # not on macOS
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


@contextmanager
def running(script: Path, case: str) -> Iterator[Callable[[], list[float]]]:
    """Run `script` with `case` as its argument; yield what measures one round.

    The first round is thrown away: it warms caches up.
    """
    child = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, str(script), case],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    stdin, stdout = child.stdin, child.stdout
    assert stdin is not None
    assert stdout is not None

    def measure() -> list[float]:
        stdin.write("go\n")
        stdin.flush()
        figures: list[float] = json.loads(stdout.readline())
        return figures

    with child:
        measure()
        yield measure
        stdin.close()
