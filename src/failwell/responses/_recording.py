"""What is recorded of an answered exception, and what is counted instead.

Owns that rule and the promise that a failing recorder changes no answer.
"""

from typing import Protocol

from flask import Flask

from failwell.exceptions import AppError
from failwell.responses._rendering._statuses import is_server_fault


class AnswerCounter(Protocol):
    """Who counts answers."""

    def count_answer(self, *, code: str, status: int, method: str, route: str) -> None:
        """Count an answer that is not recorded; a client may have made the method up."""


class AnswerRecorder(AnswerCounter, Protocol):
    """What the answers need of a recorder."""

    def start(self) -> AnswerCounter | None:
        """Get ready, at a request; return who counts for it, None to be asked again."""

    def capture(self, error: BaseException, *, code: str = "INTERNAL_ERROR") -> str:
        """Keep the error and return its id; the same object again gives the same id."""


def is_recorded(error: AppError) -> bool:
    """Return whether `error` is recorded rather than counted: its class, or 500 up."""
    declared = error.record
    return is_server_fault(error) if declared is None else declared


class Recording:
    """The recorder of one application, if it has one, behind a guard.

    Args:
        app: Its logger tells when the recorder itself fails.
        recorder: Where errors go; None keeps nothing.
    """

    def __init__(self, app: Flask, recorder: AnswerRecorder | None) -> None:
        self._app = app
        self.recorder = recorder
        self._counter: AnswerCounter | None = None

    def start(self) -> bool:
        """Let the recorder get ready for what a request may bring; return whether it is."""
        if self.recorder is None:
            return True
        try:
            self._counter = self.recorder.start()
        except Exception:
            self._app.logger.exception("The recorder was not started")
        return self._counter is not None

    def capture(self, exception: BaseException, code: str) -> str | None:
        """Record the exception; return its id, or None when it was not recorded."""
        if self.recorder is None:
            return None
        try:
            return self.recorder.capture(exception, code=code)
        except Exception:
            self._app.logger.exception("An error was not recorded")
            return None

    def count(self, code: str, status: int, method: str, route: str) -> None:
        """Count an answer by code, status, method and route."""
        counter = self._counter or self.recorder
        if counter is None:
            return
        try:
            counter.count_answer(code=code, status=status, method=method, route=route)
        except Exception:
            self._app.logger.exception("An answer was not counted")
