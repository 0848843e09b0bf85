"""Exceptions that misbehave are recorded like any other, in bounded time and size."""

import sys
import weakref
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo
from typing import Any

import pytest
from tests.records.conftest import ListSink

from failwell.records import Recorder


class MuteError(Exception):
    """Its message cannot be read."""

    def __str__(self) -> str:
        raise RuntimeError("no")


class VerboseError(Exception):
    """Its message is 100 MB long."""

    def __str__(self) -> str:
        return "x" * 100_000_000


class WordlessError(Exception):
    """Its message is no text."""

    def __str__(self) -> str:
        return 5  # type: ignore[return-value]  # noqa: PLE0307 - what is tested


class FrozenError(Exception):
    """It takes no attributes."""

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(name)


class Thing:
    """An object that fails when it is shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


THING = f"<{Thing.__module__}.Thing>"


class NoZone(tzinfo):
    """A time zone that fails."""

    def utcoffset(self, moment: datetime | None) -> timedelta:
        """Fail."""
        raise RuntimeError(moment)


def endless(depth: int = 0) -> None:
    """Recurse until Python refuses."""
    endless(depth + 1)


def caught(make: Callable[[], BaseException]) -> BaseException:
    """Return the exception made, raised."""
    try:
        raise make()
    except BaseException as error:  # noqa: BLE001 - whatever was made
        return error


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (MuteError, "<no message: RuntimeError while reading it>"),
        (WordlessError, "<no message: TypeError while reading it>"),
        (FrozenError, ""),
        (lambda: ValueError("a\ud800b\0c"), "a\\ud800b\\x00c"),
        (lambda: ValueError(Thing()), THING),
        (lambda: ValueError("bad", {"password": "x", "n": 3}), None),
        (lambda: KeyError("x"), "'x'"),
        (lambda: ExceptionGroup("many", [ValueError("1")]), "many (1 sub-exception)"),
        (KeyboardInterrupt, ""),
    ],
)
def test_odd_messages_are_read(
    recorder: Recorder,
    sink: ListSink,
    make: Callable[[], BaseException],
    message: str | None,
) -> None:
    """The record says what can be said."""
    expected = message or '["bad",{"password":"[redacted]","n":3}]'

    recorder.capture(caught(make))

    assert sink.records[0].message in {expected, message}
    assert recorder.dropped == {}


def test_a_huge_message_is_cut(recorder: Recorder, sink: ListSink) -> None:
    """100 MB of text become two thousand characters."""
    recorder.capture(caught(VerboseError))

    assert len(sink.payloads[0]) < 10_000


def test_a_recursion_error_is_recorded(recorder: Recorder, sink: ListSink) -> None:
    """A thousand frames of one function are one small record."""
    try:
        endless()
    except RecursionError as error:
        recorder.capture(error)

    (exception,) = sink.records[0].exceptions
    assert exception.type == "RecursionError"
    assert len(exception.frames) == 100
    assert exception.omitted_frames > 0


def test_capturing_at_the_edge_of_the_stack_does_not_raise(recorder: Recorder) -> None:
    """Where not even our own calls fit any more, an id comes back."""

    def dive() -> str:
        try:
            return dive()
        except RecursionError as error:
            return recorder.capture(error)

    assert len(dive()) == 33


def test_a_type_with_a_broken_name_is_recorded(
    recorder: Recorder, sink: ListSink
) -> None:
    """Names are cut and made encodable."""
    strange = type("E" + "x" * 5000, (Exception,), {"__module__": "m\ud800\0"})

    recorder.capture(caught(strange))

    assert sink.records[0].type.startswith("m\\ud800\\x00.Exx")
    assert len(sink.records[0].type) <= 200


def test_a_field_that_fails_is_dropped_alone(
    recorder: Recorder, sink: ListSink
) -> None:
    """The record is kept without it, and it is said."""
    moment = datetime(2026, 11, 23, tzinfo=NoZone())

    recorder.capture(caught(ValueError), request_data={"at": moment, "x": "c4n4ry"})

    assert "redaction failed" in sink.records[0].request.data
    assert b"c4n4ry" not in sink.every_byte
    assert recorder.dropped == {"field not recorded": 1}


def test_odd_arguments_of_capture_are_recorded(
    recorder: Recorder, sink: ListSink
) -> None:
    """A user's id may be a number or an object; data may be anything."""
    recorder.capture(caught(ValueError), user_id=7, request_data=Thing())  # type: ignore[arg-type]
    recorder.capture(caught(ValueError), user_id=Thing())  # type: ignore[arg-type]

    assert [record.user_id for record in sink.records] == [
        "7",
        THING,
    ]


def test_a_closed_standard_error_changes_nothing(
    recorder: Recorder, sink: ListSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last resort may be gone too."""
    sink.refusal = OSError(5, "Input/output error")
    monkeypatch.setattr(sys, "stderr", None)

    assert len(recorder.capture(caught(ValueError))) == 33


def test_nothing_of_the_exception_is_held(recorder: Recorder, sink: ListSink) -> None:
    """After the capture neither the exception nor its frames' locals stay alive."""

    class Local:
        """Something that a frame holds."""

    def fail() -> None:
        local = Local()
        alive.append(weakref.ref(local))
        raise MuteError

    alive: list[Any] = []
    try:
        fail()
    except MuteError as error:
        recorder.capture(error)

    assert alive[0]() is None
