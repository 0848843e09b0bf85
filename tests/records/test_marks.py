"""The mark of a captured error, and what is announced of it."""

import pickle
from collections.abc import Callable

import pytest
from tests.records.conftest import ListSink

from failwell import _request_id
from failwell._settings import Settings
from failwell.records import ErrorNotice, Recorder
from failwell.testing import ManualClock


def fail(message: str = "boom") -> ValueError:
    """Return an error that was raised here."""
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


def test_the_notice_has_the_level(
    recorder: Recorder, notices: list[ErrorNotice]
) -> None:
    """The log's line is written at it."""
    recorder.capture(fail(), level="warning", origin="thread")
    recorder.capture(fail())

    assert [notice.level for notice in notices] == ["warning", "error"]


def test_a_log_line_is_not_announced(
    recorder: Recorder, sink: ListSink, notices: list[ErrorNotice]
) -> None:
    """It stands in the log already."""
    recorder.capture(fail(), origin="log")

    assert len(sink.records) == 1
    assert notices == []


class OpaqueError(Exception):
    """Shows nobody its attributes."""

    __slots__ = ()
    __dict__ = property(lambda _: {})  # type: ignore[assignment]


class FrozenError(Exception):
    """Takes no attribute."""

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse."""
        raise TypeError(name)


@pytest.mark.parametrize("make", [OpaqueError, FrozenError])
def test_an_error_that_refuses_attributes_counts_once(
    recorder: Recorder, sink: ListSink, make: Callable[[], Exception]
) -> None:
    """The mark is left where no class can forbid it."""
    error = make()

    ids = {recorder.capture(error) for _ in range(3)}

    assert len(ids) == 1
    assert list(sink.counts.values()) == [1]
    assert recorder.dropped == {}


def _within(request_id: str | None, capture: Callable[[], str]) -> str:
    token = _request_id._current.set(request_id)
    try:
        return capture()
    finally:
        _request_id._current.reset(token)


def test_what_a_thread_logged_and_its_request_raises_is_one_error(
    recorder: Recorder, sink: ListSink
) -> None:
    """In either order; raised again in the next request it is another one."""
    error = fail()

    ids = [
        _within(request_id, lambda: recorder.capture(error))
        for request_id in (None, "r1", "r1", None, "r2", None)
    ]

    assert len(set(ids[:4])) == 1
    assert len(set(ids)) == 2
    assert list(sink.counts.values()) == [2]


def test_the_mark_crosses_to_another_process(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> None:
    """A worker that recorded its error and hands it over leaves nothing to record."""
    error = fail()
    recorded = Recorder(settings, sink, clock=clock).capture(error)

    received = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert Recorder(settings, sink, clock=clock).capture(received) == recorded
    assert b"Seen" not in pickle.dumps(error)
