"""failwell in the workers of Celery: a task that fails is an error of its application.

    celery = Celery("shop")
    use_failwell(celery, app)

Owns what of a task is recorded, and the id under which its log lines and errors stand.
Starts nothing in the process from which Celery forks its workers.
"""

import sys
from contextlib import AbstractContextManager
from typing import Any

from celery import Celery, Task, signals
from flask import Flask

from failwell._journal import Journal, journal_of
from failwell._request_id import current_request_id, work_under
from failwell.hooks import leave_out, report

__all__ = ["use_failwell"]

_OWN_LINES = ("celery.app.trace", "celery.worker.request")
"""The loggers that say of every failed task what the signal says."""


def use_failwell(celery: Celery, app: Flask) -> None:
    """Record every task that fails, once, with its name, its id and its retries.

    A retry is no error; what fails after the last one is. What a task declares as
    `throws` is expected, and none either. Whatever is logged or captured while a task
    runs stands under the task's id, as a request's under the request's.

    Args:
        celery: Whose tasks; called again, the later application counts.
        app: The application that records, which has a `Failwell`.

    Raises:
        RuntimeError: The application has none.
    """
    leave_out(*_OWN_LINES)
    # Signals hold their receivers weakly, and Celery's application lives as long as
    # there is something to receive.
    vars(celery)["failwell"] = tasks = _Tasks(celery, journal_of(app))
    signals.task_prerun.connect(tasks.begin)
    signals.task_postrun.connect(tasks.end)
    signals.task_failure.connect(tasks.fail)


class _Tasks:
    """The tasks of one Celery application, on their way through this process."""

    def __init__(self, celery: Celery, journal: Journal) -> None:
        self._celery = celery
        self._journal = journal
        self._entered: dict[str, AbstractContextManager[None]] = {}

    def begin(self, sender: Task, task_id: str, **_: object) -> None:
        """Enter the task, and let the recorder get ready as a request would."""
        if sender.app is not self._celery:
            return
        self._journal.start()
        # A task that is called eagerly in a request belongs to the request.
        if current_request_id() is None:
            self._entered[task_id] = work = work_under(task_id)
            work.__enter__()

    def end(self, task_id: str, **_: object) -> None:
        """Leave the task."""
        work = self._entered.pop(task_id, None)
        if work is not None:
            work.__exit__(None, None, None)

    def fail(
        self, sender: Task, task_id: str, exception: BaseException, **_: object
    ) -> None:
        """Record what the task has failed with."""
        if sender.app is not self._celery:
            return
        request: Any = sender.request
        if request.id == task_id:
            # What the signal brings may be a likeness that can be pickled.
            exception = sys.exception() or exception
        if isinstance(exception, tuple(sender.throws or ())):
            return
        context = {"task": sender.name, "task_id": task_id, "retries": request.retries}
        report(
            exception,
            lambda _: True,
            lambda: self._journal,
            origin="celery",
            context=context,
        )
