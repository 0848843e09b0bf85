"""Redis is killed, frozen and started again, and no call notices."""

import logging
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

import pytest
from redis import Redis
from tests.fleet.conftest import SHOP, eventually

from failwell._clock import SYSTEM_CLOCK
from failwell.exceptions import CircuitBreakerError
from failwell.fleet import BoardError, Fleet, RedisBoard
from failwell.resilience import CircuitBreaker

if TYPE_CHECKING:
    from redis_server import RedisServer


@pytest.fixture
def board(redis_server: "RedisServer") -> RedisBoard:
    """The board in that server."""
    return RedisBoard(redis_server.url, SHOP, SYSTEM_CLOCK)


class Load:
    """Threads that call something behind a breaker as fast as they can."""

    def __init__(self, breaker: CircuitBreaker) -> None:
        self._call = breaker(lambda: "answer")
        self._stop = threading.Event()
        self.answers = 0
        self.refused = 0
        self.failures: list[BaseException] = []
        self._threads = [threading.Thread(target=self._run) for _ in range(4)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.001):
            try:
                self._call()
                self.answers += 1
            except CircuitBreakerError:
                self.refused += 1
            except BaseException as error:  # noqa: BLE001 - the test looks at it
                self.failures.append(error)

    def goes_on(self) -> None:
        """Wait until there are more answers."""
        before = self.answers
        eventually(lambda: self.answers > before + 20)

    def is_refused(self) -> None:
        """Wait until more of it is."""
        before = self.refused
        eventually(lambda: self.refused > before + 20)


AWAY, BACK = "held to what was ordered last", "are read again"


def _await_lines(caplog: pytest.LogCaptureFixture, line: str, times: int) -> None:
    eventually(lambda: caplog.text.count(line) >= times)
    assert caplog.text.count(line) == times


@pytest.fixture
def load(breaker: CircuitBreaker) -> Iterator[Load]:
    """Four threads that call."""
    with Load(breaker) as load:
        yield load


@pytest.mark.faults
def test_no_call_fails_while_redis_is_killed_and_started_again(
    redis_server: "RedisServer",
    fleet: Fleet,
    load: Load,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Five times; what was ordered holds meanwhile, and what is ordered then arrives."""
    caplog.set_level(logging.INFO, "failwell")
    fleet.start()

    for times in range(1, 10, 2):
        load.goes_on()
        redis_server.kill()
        _await_lines(caplog, AWAY, times)
        load.goes_on()
        with pytest.raises(BoardError, match="cannot be used"):
            fleet.order("told", "open", set_by="ada")
        redis_server.start()
        fleet.order("told", "open", set_by="ada")
        load.is_refused()
        redis_server.kill()
        _await_lines(caplog, AWAY, times + 1)
        load.is_refused()
        redis_server.start()
        _await_lines(caplog, BACK, times + 1)
        fleet.order("told", None, set_by="ada")
        load.goes_on()

    assert load.failures == []


@pytest.mark.faults
def test_a_redis_that_takes_calls_and_never_answers_holds_nobody_up(
    redis_server: "RedisServer",
    fleet: Fleet,
    load: Load,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A frozen machine is the worst kind of away; who orders is told within seconds."""
    fleet.start()
    load.goes_on()

    redis_server.freeze()
    eventually(lambda: AWAY in caplog.text)
    load.goes_on()
    overview = fleet.overview(with_own=True)

    assert load.failures == []
    assert overview.away is not None
    assert "TimeoutError" in overview.away


def test_what_redis_holds_beside_orders_is_said_once_and_passed_over(
    redis_server: "RedisServer",
    board: RedisBoard,
    fleet: Fleet,
    breaker: CircuitBreaker,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Somebody has written into the hash by hand; the other orders still count."""
    fleet.order("told", "closed", set_by="ada")
    with Redis.from_url(redis_server.url) as redis:
        key = b"failwell:shop:production:circuits:orders"
        assert redis.keys("*orders") == [key]
        redis.hset(key.decode(), "by-hand", "open")

    seen = [[order.name for order in board.orders()] for _ in range(3)]

    assert seen == [["told"]] * 3
    assert caplog.text.count("by-hand") == 1
    assert breaker.override is None


def test_a_connection_that_died_meanwhile_is_not_noticed(
    redis_server: "RedisServer",
    board: RedisBoard,
    fleet: Fleet,
    breaker: CircuitBreaker,
) -> None:
    """A console that nobody has looked at since Redis was restarted shows all the same."""
    fleet.order("told", "closed", set_by="ada")
    before = board.orders()

    redis_server.kill()
    redis_server.start()

    assert board.orders() == before
    assert before[0].set_by == "ada"


def test_no_password_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Neither of the URL nor of what is wrong with it."""
    board = RedisBoard("redis://ada:geheim@127.0.0.1:1/0", SHOP, SYSTEM_CLOCK)

    with pytest.raises(BoardError) as caught:
        board.orders()

    assert "redis://***@127.0.0.1:1/0" in caught.value.describe()
    assert "geheim" not in caught.value.describe()


def test_redis_forgets_processes_that_tell_nothing_more(
    redis_server: "RedisServer", fleet: Fleet, breaker: CircuitBreaker
) -> None:
    """Each report ends by itself: restarts leave nothing behind."""
    fleet.start()
    eventually(lambda: fleet.overview(with_own=False).processes)
    fleet.stop()

    with Redis.from_url(redis_server.url) as redis:
        keys = redis.keys("*")
        assert len(keys) == 2
        assert all(0 < redis.ttl(key) <= 90 for key in keys)
