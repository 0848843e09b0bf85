"""Processes that do something at the same moment, each begun afresh.

Not forked: a child of this process would inherit locks that threads of other tests hold.
"""

import subprocess
import sys
from collections.abc import Sequence

_AT_ONCE = "import sys\nprint('ready', flush=True)\nsys.stdin.readline()\n"


def race(preparation: str, deed: str, racers: Sequence[Sequence[str]]) -> list[int]:
    """Let processes do it at once; return what they ended with.

    Args:
        preparation: What each does before the others are waited for.
        deed: What all do then; `sys.argv[1:]` has the arguments of each.
        racers: The arguments, for each process.
    """
    code = f"{preparation}\n{_AT_ONCE}{deed}\n"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for arguments in racers
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        process.communicate(timeout=60)
    return [process.returncode for process in processes]
