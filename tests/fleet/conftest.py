"""Boards of each kind, and fleets that share them."""

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from failwell._clock import SYSTEM_CLOCK
from failwell.fleet import Board, Fleet, RedisBoard, StoreBoard
from failwell.resilience import CIRCUITS, CircuitBreaker
from failwell.store import Deployment, Store

if TYPE_CHECKING:
    from redis_server import RedisServer

SHOP = Deployment("shop", "production")


def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds, for as long as a busy machine may need."""
    for _ in range(600):
        if holds():
            return
        SYSTEM_CLOCK.sleep(0.05)
    pytest.fail("it never came to hold")


@pytest.fixture
def threads() -> Callable[[], int]:
    """Return what counts the threads that look at boards, but for those of other tests."""
    before = set(threading.enumerate())
    return lambda: sum(
        thread.name == "failwell-circuits"
        for thread in set(threading.enumerate()) - before
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store in a file."""
    with closing(Store(f"sqlite:///{tmp_path / 'store.db'}")) as opened:
        yield opened


@pytest.fixture(params=["store", "redis"])
def board(request: pytest.FixtureRequest) -> Board:
    """Each kind of board in turn."""
    if request.param == "store":
        return StoreBoard(request.getfixturevalue("store"), SHOP, SYSTEM_CLOCK)
    server: RedisServer = request.getfixturevalue("redis_server")
    return RedisBoard(server.url, SHOP, SYSTEM_CLOCK)


@pytest.fixture
def breaker() -> Iterator[CircuitBreaker]:
    """The only breaker of its name; it opens at the second failure."""
    gc.collect()
    yield CircuitBreaker(2, 60, name="told")
    CIRCUITS.hold("told", None)


@pytest.fixture
def fleet(board: Board) -> Iterator[Fleet]:
    """A fleet that looks often; its thread ends with the test."""
    fleet = Fleet(board, interval_s=0.05)
    yield fleet
    fleet.stop()
