"""Counting, keeping and announcing of errors; the recorder never raises."""

import os
import subprocess
import sys
import threading

import msgspec
import pytest
from flask import Flask
from tests.records.conftest import ListSink

from failwell._request_id import install_request_ids
from failwell._settings import Settings
from failwell.records import (
    AnswerDefinition,
    ErrorNotice,
    ErrorRecord,
    GroupDefinition,
    Recorder,
)
from failwell.testing import ManualClock


def fail(message: str = "boom") -> ValueError:
    """Return an error that was raised here."""
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


def test_a_record_tells_all(
    recorder: Recorder, sink: ListSink, clock: ManualClock
) -> None:
    """Type, message, frames, origin, user and data stand in the bytes kept."""
    error_id = recorder.capture(
        fail(),
        code="DATABASE_ERROR",
        user_id="7",
        request_data={"a": [1]},
        explicit=True,
    )

    (record,) = sink.records
    assert record.id == error_id
    assert error_id.startswith(f"{record.group}-")
    assert len(error_id) == 33
    assert (record.type, record.message) == ("ValueError", "boom")
    assert record.exceptions[0].frames[-1].function == "fail"
    assert record.timestamp == clock.now()
    assert (record.application, record.release) == ("shop", "1.2.3")
    assert (record.code, record.user_id, record.explicit) == (
        "DATABASE_ERROR",
        "7",
        True,
    )
    assert record.request is not None
    assert record.request.data == {"a": [1]}
    assert recorder.dropped == {}


def test_a_group_is_defined_once_with_its_culprit(
    recorder: Recorder, sink: ListSink
) -> None:
    """The definition says what is counted; its key is the hash."""
    error_id = recorder.capture(fail("first"))
    recorder.capture(fail("second"))

    (definition,) = sink.defined()
    assert isinstance(definition, GroupDefinition)
    assert definition.culprit.endswith(":fail")
    assert definition.message == "first"
    assert sink.counts == {bytes.fromhex(error_id[:16]): 2}


def test_the_first_hundred_of_an_hour_are_kept_then_one_a_minute(
    recorder: Recorder, sink: ListSink, clock: ManualClock
) -> None:
    """Every one is counted; explicit ones are kept always."""
    for _ in range(150):
        recorder.capture(fail())
    assert len(sink.payloads) == 100

    recorder.capture(fail(), explicit=True)
    assert len(sink.payloads) == 101

    clock.advance(60)
    recorder.capture(fail())
    recorder.capture(fail())
    assert len(sink.payloads) == 102

    clock.advance(3600)
    recorder.capture(fail())
    assert len(sink.payloads) == 103
    assert sum(sink.counts.values()) == 154


def test_threads_count_exactly(recorder: Recorder, sink: ListSink) -> None:
    """Eight threads lose nothing and count nothing twice."""

    def storm() -> None:
        for _ in range(250):
            recorder.capture(fail())

    threads = [threading.Thread(target=storm) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert list(sink.counts.values()) == [2000]
    assert len(sink.payloads) == 100
    assert recorder.dropped == {}


def test_the_same_exception_counts_once(recorder: Recorder, sink: ListSink) -> None:
    """Logged, then raised further: one error with one id."""
    error = fail()

    first = recorder.capture(error, explicit=True)

    assert recorder.capture(error) == first
    assert list(sink.counts.values()) == [1]
    assert len(sink.payloads) == 1


def test_every_explicit_capture_is_kept(recorder: Recorder, sink: ListSink) -> None:
    """One object logged for five people on purpose is five entries, counted as such."""
    error = fail()

    ids = [recorder.capture(error, explicit=True, user_id=str(n)) for n in range(5)]

    assert [record.id for record in sink.records] == ids
    assert [record.user_id for record in sink.records] == ["0", "1", "2", "3", "4"]
    assert list(sink.counts.values()) == [5]


def test_what_was_kept_by_itself_and_is_then_asked_for_has_two_entries(
    recorder: Recorder, sink: ListSink
) -> None:
    """A user's handler that logs what failwell has kept adds what it knows; one error."""
    error = fail()

    kept = recorder.capture(error)
    asked_for = recorder.capture(error, explicit=True, user_id="7")

    assert asked_for[:16] == kept[:16]
    assert [record.id for record in sink.records] == [kept, asked_for]
    assert [record.user_id for record in sink.records] == [None, "7"]
    assert list(sink.counts.values()) == [1]


def test_a_sampled_out_error_is_kept_when_it_is_asked_for(
    recorder: Recorder, sink: ListSink
) -> None:
    """An explicit capture of what was only counted keeps it, and counts it once."""
    for _ in range(100):
        recorder.capture(fail())
    error = fail()
    first = recorder.capture(error)

    again = recorder.capture(error, explicit=True, user_id="7")

    assert again == first
    assert list(sink.counts.values()) == [101]
    assert sink.records[-1].id == first


def test_one_object_in_two_requests_is_two_errors(
    recorder: Recorder, sink: ListSink
) -> None:
    """A module's constant exception counts each time that a request raises it."""
    app = Flask("shop")
    install_request_ids(app)
    constant = ValueError("always the same")

    @app.get("/")
    def view() -> str:
        try:
            raise constant
        except ValueError as error:
            return recorder.capture(error) + recorder.capture(error)

    answers = set()
    for _ in range(3):
        # Closed, as every server closes it: the request ends there.
        with app.test_client().get("/") as response:
            answers.add(response.text)

    assert len(answers) == 3
    assert list(sink.counts.values()) == [3]


def test_an_error_that_was_never_raised_tells_who_reported_it(
    recorder: Recorder, sink: ListSink
) -> None:
    """`log_error(ValueError())` is found by the line that called it."""
    recorder.capture(ValueError("x"), explicit=True)

    frame = sink.records[0].exceptions[0].frames[-1]
    assert frame.function.startswith("test_an_error_that_was_never_raised")
    assert frame.in_app


def test_the_notice_carries_the_chain_once_an_hour(
    recorder: Recorder, notices: list[ErrorNotice], clock: ManualClock
) -> None:
    """Every error is announced with its place; the first of an hour in full."""
    first = recorder.capture(fail(), code="X")
    recorder.capture(fail())
    clock.advance(3600)
    recorder.capture(fail(), code="X")

    assert [bool(notice.exceptions) for notice in notices] == [True, True, True]
    recorder.capture(fail(), code="X")
    assert notices[-1].exceptions == ()
    assert notices[0].id == first
    module, function, line = notices[0].place.rsplit(":", 2)
    assert (function, line.isdecimal(), bool(module)) == ("fail", True, True)


def test_answers_are_counted_by_code_and_route(
    recorder: Recorder, sink: ListSink
) -> None:
    """Made-up methods share one counter."""
    for method in ("GET", "GET", "BREW", "X" * 5000):
        recorder.count_answer(code="NOT_FOUND", status=404, method=method, route="/x")

    assert sorted(sink.counts.values()) == [2, 2]
    definitions = sink.defined()
    assert all(isinstance(d, AnswerDefinition) for d in definitions)
    assert {d.method for d in definitions} == {"GET", "OTHER"}


def test_a_full_disk_is_counted_and_said_once_a_minute(
    recorder: Recorder,
    sink: ListSink,
    clock: ManualClock,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The caller gets an id all the same."""
    sink.refusal = OSError(28, os.strerror(28))

    ids = {recorder.capture(fail(), code="X") for _ in range(10)}
    recorder.count_answer(code="X", status=404, method="GET", route="/")

    assert len(ids) == 10
    assert recorder.dropped == {
        "error not counted": 10,
        "error not written": 10,
        "answer not counted": 1,
    }
    assert capsys.readouterr().err.count("\n") == 1

    clock.advance(61)
    recorder.capture(fail())
    assert "No space left on device" in capsys.readouterr().err


def test_a_failing_announcement_changes_nothing(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> None:
    """The record is kept before it is announced."""

    def refuse(notice: ErrorNotice) -> None:
        raise RuntimeError(notice.id)

    recorder = Recorder(settings, sink, clock=clock, announce=refuse)

    error_id = recorder.capture(fail())

    assert sink.records[0].id == error_id
    assert recorder.dropped == {"error not announced": 1}


def test_capturing_while_capturing_does_not_go_round(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> None:
    """A message that captures in its turn ends at the second step."""
    recorder = Recorder(settings, sink, clock=clock)

    class CircularError(Exception):
        def __str__(self) -> str:
            return recorder.capture(self)

    recorder.capture(CircularError())

    assert len(sink.payloads) == 1
    assert "nested error not recorded" in recorder.dropped


def test_what_is_kept_reads_back(recorder: Recorder, sink: ListSink) -> None:
    """The bytes are JSON that decodes to an equal record."""
    recorder.capture(fail(), request_data={"n": float("nan"), "s": "\ud800\0"})

    payload = sink.payloads[0]
    record = msgspec.json.decode(payload, type=ErrorRecord)

    assert msgspec.json.encode(record) == payload
    assert record.request is not None
    assert record.request.data == {"n": "nan", "s": "\\ud800\\x00"}


FORK = """
import os
from failwell._settings import read_settings
from failwell.records import Recorder
from failwell.spool import MemorySpool

settings = read_settings({}, import_name="shop", instance_path="instance", environ={})
recorder = Recorder(settings, MemorySpool())
child = os.fork()
os.write(1, recorder.capture(ValueError("boom")).encode() + b"\\n")
if child:
    os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_the_ids_of_a_forked_process_are_others() -> None:
    """As a server's workers are, of an application that was loaded before."""
    command = [sys.executable, "-c", FORK]

    done = subprocess.run(command, capture_output=True, text=True, check=True)

    one, other = (error_id.partition("-")[2] for error_id in done.stdout.split())
    assert len(one) == len(other) == 16
    assert one != other
