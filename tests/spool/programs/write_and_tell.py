"""Write from several processes; tell how far each was acknowledged, when it is asked.

Each line of input is answered with a line of JSON; at its end all writers are killed,
and the last answer says what was acknowledged by then.
"""

import json
import mmap
import os
import signal
import sys
from pathlib import Path
from typing import NoReturn

from failwell.spool import Spool

WRITERS = 3


def write(folder: Path, mode: str, words: memoryview, place: int) -> NoReturn:
    """Tally and append without end; note each acknowledgement."""
    if mode == "none":
        # The arm that must lose: a disk that is never asked to keep anything.
        os.fdatasync = os.fsync = lambda _: None  # type: ignore[assignment,misc]
        mode = "process"
    spool = Spool(folder, durability=mode)  # type: ignore[arg-type] # of argv
    key = b"writer %d" % place
    number = 0
    while True:
        spool.tally(key, lambda: b"what")
        spool.sync()
        words[2 * place + 1] += 1
        spool.append(b"%d %d " % (place, number) + b"x" * (number * 97 % 300))
        words[2 * place] += 1
        number += 1


def tell(words: memoryview) -> None:
    """Say how many records and counts of each writer were acknowledged."""
    told = [[words[2 * place], words[2 * place + 1]] for place in range(WRITERS)]
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main(folder: Path, mode: str) -> None:
    """Start the writers and answer until the input ends."""
    words = memoryview(mmap.mmap(-1, 16 * WRITERS)).cast("Q")
    writers = []
    for place in range(WRITERS):
        pid = os.fork()
        if pid == 0:
            try:
                write(folder, mode, words, place)
            finally:
                os._exit(1)
        writers.append(pid)
    for _ in sys.stdin:
        tell(words)
    for pid in writers:
        os.kill(pid, signal.SIGKILL)
    for pid in writers:
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status), "it had ended by itself"
    tell(words)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
