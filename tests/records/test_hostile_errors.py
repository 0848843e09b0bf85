"""Exceptions that misbehave are recorded like any other, in bounded time and size."""

import gc
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


class Meta(type):
    """A metaclass that fails whatever is asked of a class."""

    def __hash__(cls) -> int:
        raise RuntimeError("no")

    def __eq__(cls, other: object) -> bool:
        raise RuntimeError("no")

    def __getattribute__(cls, name: str) -> object:
        raise RuntimeError("no")


def refuse(_: object) -> object:
    """Fail."""
    raise RuntimeError("no")


def tricky() -> BaseException:
    """Return an error whose class answers no question."""

    # Where pytest does not look for tests.
    class TrickyError(Exception, metaclass=Meta):
        pass

    return TrickyError()


class ClosedError(Exception):
    """None of its attributes can be had."""

    __cause__ = __context__ = __suppress_context__ = property(refuse)  # type: ignore[assignment]
    __traceback__ = __dict__ = args = fingerprint = property(refuse)  # type: ignore[assignment]


class Mock:
    """Neither a mapping nor anything else."""

    def items(self) -> object:
        """Fail."""
        raise tricky()


class OddError(Exception):
    """Its attributes are not what they should be."""

    __cause__ = "a text"  # type: ignore[assignment]
    __notes__ = 5
    fingerprint = 5


class OddGroup(ExceptionGroup):
    """A group that hides its members."""

    exceptions = property(refuse)  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (tricky, "TrickyError"),
        (ClosedError, "ClosedError"),
        (OddError, "OddError"),
        (lambda: OddGroup("g", [tricky()]), "OddGroup"),
        (lambda: ValueError(type(tricky())), "ValueError"),
    ],
)
def test_whatever_a_class_does_its_errors_are_kept(
    recorder: Recorder,
    sink: ListSink,
    make: Callable[[], BaseException],
    kind: str,
) -> None:
    """Hash, name, attributes: none is asked where it could be code."""
    recorder.capture(caught(make), user_id="7")

    (record,) = sink.records
    assert record.type.endswith(kind)
    assert set(recorder.dropped) <= {"fingerprint not read"}


def test_a_failure_that_is_hostile_itself_is_a_loss(
    recorder: Recorder, sink: ListSink
) -> None:
    """What a message raises may have a class that answers no question."""

    class WrappedError(Exception):
        def __str__(self) -> str:
            raise tricky()

    recorder.capture(caught(WrappedError), user_id="7")
    recorder.capture(caught(ValueError), tags=Mock())  # type: ignore[arg-type]

    assert sink.records[0].message.endswith("TrickyError while reading it>")
    assert sink.losses == {"field not recorded": 1}


def test_a_missing_module_is_no_name(recorder: Recorder, sink: ListSink) -> None:
    """Nor is one that is no text."""
    names: dict[str, Any] = {"__builtins__": {}, "type": type, "base": Exception}
    exec("made = type('StrangeError', (base,), {})", names)  # noqa: S102 - ours
    kinds = [
        type("StrangeError", (Exception,), {"__module__": strange})
        for strange in (5, Thing())
    ]

    for kind in (names["made"], *kinds):
        recorder.capture(caught(kind))

    assert {record.type for record in sink.records} == {"StrangeError"}


def test_the_type_of_a_class_that_went_is_not_taken_for_another(
    recorder: Recorder, sink: ListSink
) -> None:
    """Where the next class gets the address of the one before."""
    for n in range(8):
        error = ValueError("x")
        error.__cause__ = type(f"E{n}", (Exception,), {})()
        recorder.capture(error)
        del error
        gc.collect()

    assert len(sink.counts) == 8


def test_memory_that_runs_out_costs_what_needed_it(
    recorder: Recorder, sink: ListSink
) -> None:
    """A message that cannot be had is no reason to lose the record."""

    class GreedyError(Exception):
        def __str__(self) -> str:
            raise MemoryError

    recorder.capture(caught(GreedyError))
    recorder.capture(caught(MemoryError))

    assert sink.records[0].message == "<no message: MemoryError while reading it>"
    assert sink.records[1].type == "MemoryError"


def test_a_record_is_never_too_large(recorder: Recorder, sink: ListSink) -> None:
    """What each field may take is bounded, and so is all of it, whatever it costs."""
    text = "\x01" * 5000
    many = [ValueError(text) for _ in range(200)]
    for error in many:
        for _ in range(10):
            error.add_note(text)
    group = ExceptionGroup(text, many)

    recorder.capture(group, explicit=True, context={"n": text}, request_data=[text])

    assert len(sink.payloads[0]) <= 256 * 1024
    assert sink.records[0].exceptions[0].type == "ExceptionGroup"
    assert sink.losses["field not recorded"] > 0


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
