"""Become a program that ends with its parent: `python _tied.py PARENT PROGRAM …`.

A parent that is killed ends no children, and a server left behind keeps the port. Linux
alone offers this; elsewhere the program simply runs.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(parent: int, command: list[str]) -> None:
    """Replace this process by the command, which is told `TERM` when the parent ends.

    Args:
        parent: The process that started this one.
        command: Its program, by its path, and arguments.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        # It may have ended before.
        if os.getppid() != parent:
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - our own command


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
