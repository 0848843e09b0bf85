"""The board in Redis, for fleets whose processes should not all ask the store.

Owns its keys: a hash of the orders by name, and for each process a report that Redis
forgets by itself. Refuses to wait: Redis answers within a second, or is away.
"""

import logging
import os
import re
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from failwell._clock import Clock
from failwell._late import LateModule
from failwell.store import CircuitOrder, Deployment, StoreError

if TYPE_CHECKING:
    import redis
    from redis import backoff as redis_backoff
    from redis import retry as redis_retry

    from failwell.fleet import _reports
    from failwell.fleet._reports import ProcessReport
else:
    # Loaded where a board is used: most processes have none.
    redis = LateModule("redis")
    redis_backoff = LateModule("redis.backoff")
    redis_retry = LateModule("redis.retry")
    _reports = LateModule("failwell.fleet._reports")

_logger = logging.getLogger("failwell")

_TIMEOUT_S = 1.0
_PASSWORD = re.compile(r"(?<=://)[^/@]*@")


class BoardError(StoreError):
    """Redis, in which the board is, cannot be used at the moment."""

    def describe(self) -> str:
        """Return the line that an operator needs: which Redis, and what is wrong."""
        return f"circuit board {self.store}: {self.reason}"


class RedisBoard:
    """The board in Redis.

    What Redis forgets when it restarts is forgotten: have it append to its file where
    orders must outlive that.

    Args:
        url: `redis://`, `rediss://` or `unix://`.
        whose: The application, and its environment.
        clock: Says which reports are too old.
    """

    def __init__(self, url: str, whose: Deployment, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        prefix = f"failwell:{whose.application}:{whose.environment}:circuits"
        self._orders_key = f"{prefix}:orders"
        self._processes_key = f"{prefix}:processes"
        self._report_key = f"{prefix}:report:"
        # By process: connections do not survive a fork. What they return is typed in
        # another way by each release of the client.
        self._clients: dict[int, Any] = {}
        self._strange: set[str] = set()

    def orders(self) -> list[CircuitOrder]:
        """Return the last order for each name; what is none is said once, in the log."""
        with self._redis() as client:
            found = client.hgetall(self._orders_key)
        orders = [self._read_order(name, text) for name, text in found.items()]
        return [order for order in orders if order is not None]

    def order(self, order: CircuitOrder) -> None:
        """Put an order up."""
        with self._redis() as client:
            client.hset(self._orders_key, order.name, msgspec.json.encode(order))

    def reports(self) -> "list[ProcessReport]":
        """Return what each process told of late."""
        with self._redis() as client:
            oldest = self._clock.now() - _reports.FRESH_S
            names = client.zrangebyscore(self._processes_key, oldest, "inf")
            if not names:
                return []
            texts = client.mget([self._report_key + name.decode() for name in names])
        return _reports.decode_all(texts)

    def report(self, report: "ProcessReport") -> None:
        """Put a report up."""
        at, kept_s = report.at.timestamp(), _reports.FRESH_S
        with self._redis() as client:
            changes = client.pipeline(transaction=False)
            changes.zadd(self._processes_key, {report.process: at})
            changes.zremrangebyscore(self._processes_key, "-inf", at - kept_s)
            changes.expire(self._processes_key, kept_s)
            text = _reports.encode(report)
            changes.set(self._report_key + report.process, text, ex=kept_s)
            changes.execute()

    @contextmanager
    def _redis(self) -> Iterator[Any]:
        try:
            yield self._client()
        except (redis.RedisError, OSError, ValueError) as error:
            # ValueError: the URL is none.
            name = _PASSWORD.sub("***@", self._url)
            raise BoardError(name, f"{type(error).__name__}: {error}") from error

    def _client(self) -> Any:  # noqa: ANN401 - see above
        pid = os.getpid()
        client = self._clients.get(pid)
        if client is None:
            # No second try within a call: the next turn is one.
            client = redis.Redis.from_url(
                self._url,
                socket_timeout=_TIMEOUT_S,
                socket_connect_timeout=_TIMEOUT_S,
                retry=redis_retry.Retry(redis_backoff.NoBackoff(), 0),
            )
            client = self._clients.setdefault(pid, client)
            # Nobody closes a board, and Python warns of what is left open.
            weakref.finalize(self, client.close)
        return client

    def _read_order(self, name: bytes, text: bytes) -> CircuitOrder | None:
        try:
            return msgspec.json.decode(text, type=CircuitOrder)
        except msgspec.DecodeError as error:
            what = f"{self._orders_key} {name!r}: {error}"
            if what not in self._strange:
                self._strange.add(what)
                _logger.warning("What Redis holds is no order of failwell: %s", what)
            return None
