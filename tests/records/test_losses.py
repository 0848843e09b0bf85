"""Nothing is lost silently: what was counted is kept, sampled out, or a loss by reason."""

import dataclasses
import sys
import threading

import pytest
from tests.records.conftest import ListSink

from failwell._callbacks import Callbacks
from failwell._settings import Settings
from failwell.records import LossDefinition, Recorder
from failwell.records._losses import Losses
from failwell.testing import ManualClock


def fail(message: str = "boom") -> ValueError:
    """Return an error that was raised here."""
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


class FullSink(ListSink):
    """A sink that counts and keeps no record."""

    def append(self, *_: object) -> None:
        """Refuse."""
        raise OSError(28, "No space left on device")


def test_kept_and_sampled_out_add_up(
    recorder: Recorder, sink: ListSink, clock: ManualClock
) -> None:
    """From eight threads, over several hours."""

    def storm() -> None:
        for n in range(300):
            recorder.capture(fail())
            if n % 100 == 0:
                clock.advance(1800)

    threads = [threading.Thread(target=storm) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    counted = sum(sink.counts.values())
    assert counted == 2400
    assert len(sink.payloads) + sink.losses["sampled out"] == counted
    assert recorder.dropped == {}


def test_what_was_not_written_is_a_loss(settings: Settings, clock: ManualClock) -> None:
    """The sink that cannot keep a record can still count it."""
    sink = FullSink(clock)
    recorder = Recorder(settings, sink, clock=clock)

    for _ in range(150):
        recorder.capture(fail())

    assert sum(sink.counts.values()) == 150
    assert sink.losses == {"disk full": 100, "sampled out": 50}
    assert recorder.dropped == {"disk full": 100}


def test_what_cannot_be_described_is_counted(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> None:
    """Under the group of zeros, and as a loss."""

    def refuse(*_: object) -> list[str]:
        raise MemoryError

    broken = type("Broken", (), {"name": "broken", "parts": refuse})()
    recorder = Recorder(settings, sink, clock=clock, algorithms=[broken])

    error_id = recorder.capture(fail())

    assert error_id.startswith("0000000000000000-")
    assert sink.counts == {bytes(8): 1}
    assert sink.losses == {"error not recorded": 1}


def test_losses_name_their_application(recorder: Recorder, sink: ListSink) -> None:
    """The definition of a loss says whose it is."""
    for _ in range(101):
        recorder.capture(fail())

    (loss,) = [
        definition
        for key in sink.definitions
        if isinstance(definition := sink.definition(key), LossDefinition)
    ]
    assert (loss.application, loss.release, loss.reason) == (
        "shop",
        "1.2.3",
        "sampled out",
    )


def test_a_loss_is_counted_where_nothing_else_works(
    settings: Settings,
    sink: ListSink,
    clock: ManualClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The sink refuses and standard error is gone: it is still known."""
    sink.refusal = OSError(5, "Input/output error")
    monkeypatch.setattr(sys, "stderr", None)
    losses = Losses(settings, sink, clock)

    losses.add("error not written")

    assert losses.counts() == {"error not written": 1}


def test_each_user_of_a_group_is_told_once_an_hour(
    recorder: Recorder, sink: ListSink, clock: ManualClock
) -> None:
    """Of errors that are not kept, too; as a hash that tells nothing."""
    for n in range(300):
        recorder.capture(fail(), user_id=n % 3)
    first = list(sink.users)
    clock.advance(3600)
    recorder.capture(fail(), user_id=1)

    assert len(first) == len(set(first)) == 3
    assert {key for key, _ in first} == set(sink.counts)
    assert {len(user) for _, user in first} == {8}
    assert sink.users[3:] == [first[1]]


def test_a_user_is_another_one_in_another_application(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> None:
    """The hash is keyed by the application."""
    other = dataclasses.replace(settings, application="other")
    for chosen in (settings, other):
        Recorder(chosen, sink, clock=clock).capture(fail(), user_id=7)

    (_, one), (_, two) = sink.users
    assert one != two


def test_the_application_is_asked_for_the_user_of_an_error(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> None:
    """Once an error, and not where the user is known; a failure is none."""
    callbacks = Callbacks()
    answers: list[object] = [7, None, ""]
    recorder = Recorder(settings, sink, clock=clock, callbacks=callbacks)

    @callbacks.ask_user
    def who() -> object:
        return answers.pop(0)

    for _ in range(4):
        recorder.capture(fail())
    recorder.capture(fail(), user_id="known")

    assert [r.user_id for r in sink.records] == ["7", None, None, None, "known"]
    assert recorder.dropped == {"user not read": 1}


def test_a_user_that_cannot_be_noted_stays_in_the_record(
    settings: Settings, clock: ManualClock
) -> None:
    """And is told the next time."""

    class Deaf(ListSink):
        deaf = True

        def note_user(self, key: bytes, user: bytes) -> None:
            if self.deaf:
                raise OSError(28, "No space left on device")
            super().note_user(key, user)

    sink = Deaf(clock)
    recorder = Recorder(settings, sink, clock=clock)
    recorder.capture(fail(), user_id=7)
    sink.deaf = False
    recorder.capture(fail(), user_id=7)

    assert [record.user_id for record in sink.records] == ["7", "7"]
    assert len(sink.users) == 1
    assert sink.losses == {"user not noted": 1}


@pytest.mark.parametrize("given", ["who", None, 5])
def test_only_functions_can_be_asked(given: object) -> None:
    """Said where they are registered, not when an error comes."""

    async def later() -> int:
        """Answer when it is too late."""
        return 7

    for function in (given, later):
        with pytest.raises(TypeError, match="told by a function"):
            Callbacks().ask_user(function)  # type: ignore[type-var]
