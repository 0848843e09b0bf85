"""One turn of a process at the board: do what is ordered, tell what is new."""

import os
import socket

from failwell._clock import Clock
from failwell.fleet._board import Board
from failwell.fleet._orders import Follower
from failwell.fleet._reports import HEARTBEAT_S, ProcessReport, report_process


def process_name() -> str:
    """Return what this process is called: its machine, and its number there."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Turn:
    """What this process has obeyed and told so far, and what it does next.

    Args:
        board: The board.
        clock: What the moments of a report are taken from.
    """

    def __init__(self, board: Board, clock: Clock) -> None:
        self._board = board
        self._clock = clock
        self._process = process_name()
        self._follower = Follower()
        self._told: ProcessReport | None = None

    def take(self) -> None:
        """Do what is ordered now; tell of this process where that is due.

        Raises:
            StoreError: The board is away; what was ordered before still counts.
        """
        # First, so that what is told is what came of it; and a board that can be read
        # and not written can stop calls all the same.
        self._follower.follow(self._board.orders())
        report = report_process(self._process, self._clock.now())
        if self._is_due(report):
            self._board.report(report)
            self._told = report

    def _is_due(self, report: ProcessReport) -> bool:
        told = self._told
        return (
            told is None
            or abs((report.at - told.at).total_seconds()) >= HEARTBEAT_S
            or _changes(report) != _changes(told)
        )


def _changes(report: ProcessReport) -> list[tuple[object, ...]]:
    """Return what is told at once; counters wait."""
    return [(c.name, c.state, c.override, c.opened) for c in report.circuits]
