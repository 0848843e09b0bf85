"""Threads that run what may be left behind.

Owns the bound on how many there are and the count of those that were abandoned. A thread
cannot be stopped: what it was given goes on until it ends by itself.
"""

import os
import queue
import threading
import weakref
from collections.abc import Callable
from contextvars import Context, copy_context
from typing import Any

from failwell.exceptions import BulkheadFullError, CallTimeoutError

_pools: "weakref.WeakSet[Threads]" = weakref.WeakSet()


def abandoned_threads() -> int:
    """Return how many threads still run a call that nobody waits for any more."""
    return sum(pool.abandoned for pool in list(_pools))


class _Job:
    """A call, its context, and what became of it."""

    __slots__ = ("_call", "_context", "done", "error", "is_abandoned", "result")

    def __init__(self, call: Callable[[], Any], context: Context) -> None:
        self._call = call
        self._context = context
        self.done = threading.Lock()
        self.done.acquire()
        self.is_abandoned = False
        self.error: BaseException | None = None
        self.result: Any = None

    def run(self) -> None:
        try:
            self.result = self._context.run(self._call)
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            self.error = error


class Threads:
    """A bounded pool whose threads end with the program, whatever they do.

    Args:
        limit: How many there may be, abandoned ones included.
        name: What a full pool is called in its error.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._forget()
        _pools.add(self)

    def _forget(self) -> None:
        # After a fork the threads are not there, nor whoever held the lock.
        self._lock = threading.Lock()
        self._idle: list[queue.SimpleQueue[_Job]] = []
        self._count = 0
        self.abandoned = 0

    def run(self, call: Callable[[], Any], seconds: float) -> Any:  # noqa: ANN401 - what the call returns
        """Return what `call` returns in a thread of the pool, in a copy of this context.

        Raises:
            BulkheadFullError: All threads are taken; nothing was called.
            CallTimeoutError: It did not end in time and goes on without anybody.
            RuntimeError: The system cannot start a thread; nothing was called.
            BaseException: What the call raised.
        """
        job = _Job(call, copy_context())
        self._inbox().put(job)
        is_done = False
        try:
            is_done = job.done.acquire(timeout=seconds)
        finally:
            # Also when an interrupt ends the wait.
            if not is_done:
                is_done = not self._abandon(job)
        if not is_done:
            raise CallTimeoutError(seconds, abandoned=True)
        if job.error is None:
            return job.result
        try:
            raise job.error
        finally:
            # Its traceback holds frames that hold the job: a circle.
            job.error = None

    def _inbox(self) -> "queue.SimpleQueue[_Job]":
        with self._lock:
            if self._idle:
                return self._idle.pop()
            if self._count >= self._limit:
                raise BulkheadFullError(self._name)
            self._count += 1
        inbox: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        thread = threading.Thread(
            target=self._work, args=(inbox,), name=f"failwell {self._name}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # the system has none to give
            with self._lock:
                self._count -= 1
            raise
        return inbox

    def _abandon(self, job: _Job) -> bool:
        with self._lock:
            if job.done.acquire(blocking=False):  # it has ended in between
                return False
            job.is_abandoned = True
            self.abandoned += 1
            return True

    def _work(self, inbox: "queue.SimpleQueue[_Job]") -> None:
        while True:
            job = inbox.get()
            job.run()
            with self._lock:
                if job.is_abandoned:
                    self.abandoned -= 1
                self._idle.append(inbox)
                job.done.release()
            del job


def _forget_all() -> None:
    for pool in list(_pools):
        pool._forget()  # noqa: SLF001 - its own module


if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_child=_forget_all)
