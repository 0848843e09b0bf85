"""Local variables where they are asked for: of the application's frames, bounded, clean."""

import dataclasses
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from tests.records.conftest import ListSink

from failwell._settings import Settings
from failwell.records import ErrorRecord, Recorder
from failwell.testing import ManualClock


class Credentials(NamedTuple):
    """A named tuple."""

    user: str
    password: str


@dataclasses.dataclass
class Account:
    """Something that shows all of itself."""

    password: str


class Rude:
    """An object whose `repr` must not be called."""

    def __repr__(self) -> str:
        raise SystemExit


@pytest.fixture
def capture(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> Callable[[Callable[[], object]], ErrorRecord]:
    """Record what a function raises, with local variables; return the record."""
    chosen = dataclasses.replace(settings, records_locals=True)
    recorder = Recorder(chosen, sink, clock=clock)

    def capture(function: Callable[[], object]) -> ErrorRecord:
        try:
            function()
        except Exception as error:  # noqa: BLE001 - whatever it raises
            recorder.capture(error)
        assert recorder.dropped == {}
        return sink.records[-1]

    return capture


def innermost(record: ErrorRecord) -> dict[str, Any]:
    """Return the variables of the frame that raised."""
    (info, *_) = record.exceptions
    return info.variables[len(info.frames) - 1]


def test_variables_stand_at_their_frames(
    capture: Callable[[Callable[[], object]], ErrorRecord],
) -> None:
    """By the index of the frame; of causes, too."""

    def inner(depth: int) -> None:
        raise ValueError(depth)

    def outer() -> None:
        total = 5
        try:
            inner(total + 1)
        except ValueError as error:
            raise RuntimeError from error

    record = capture(outer)

    raised, cause = record.exceptions
    shown = {raised.frames[i].function[-5:]: v for i, v in raised.variables.items()}
    assert shown["outer"]["total"] == 5
    assert cause.variables[len(cause.frames) - 1] == {"depth": 6}


def test_secrets_among_variables_are_hidden(
    capture: Callable[[Callable[[], object]], ErrorRecord], sink: ListSink
) -> None:
    """By their names at any depth; objects are opaque; so are a statement's values."""

    def fail() -> None:
        password = "c4n4ry"
        credentials = Credentials("bob", "c4n4ry")
        login = Credentials("bob", "c4n4ry")
        account = Account("c4n4ry")
        params = ("bob", "c4n4ry")
        headers = {b"Authorization": "c4n4ry", "x": [("api_key", "c4n4ry")]}
        field = {"name": "password", "value": "c4n4ry"}
        line = "https://bob:c4n4ry@host/"
        raise ValueError(
            len((password, credentials, login, account, params, headers, field, line))
        )

    variables = innermost(capture(fail))

    assert b"c4n4ry" not in sink.every_byte
    assert variables["login"] == {"user": "bob", "password": "[redacted]"}
    assert variables["account"] == f"<{Account.__module__}.Account>"
    assert variables["field"] == {"name": "password", "value": "[redacted]"}


def test_variables_are_bounded_and_never_shown_by_themselves(
    capture: Callable[[Callable[[], object]], ErrorRecord], sink: ListSink
) -> None:
    """A million entries, 100 MB, deep nesting, two hundred names, and rude objects."""

    def fail() -> None:
        rude, text = Rude(), "x" * 100_000_000
        wide = dict.fromkeys(range(1_000_000))
        deep: list[object] = []
        for _ in range(10_000):
            deep = [deep]
        raise ValueError(bool(rude) and bool(text) and bool(wide) and bool(deep))

    begun = time.thread_time()
    record = capture(fail)

    # Cheap beside making them: showing any of these would take seconds.
    assert time.thread_time() - begun < 2
    variables = innermost(record)
    assert variables["rude"] == f"<{Rude.__module__}.Rude>"
    assert len(variables["text"]) <= 200
    assert len(variables["wide"]) == 10
    assert variables["deep"] == [[["…"]]]
    assert len(sink.payloads[0]) < 20_000


def test_only_ten_frames_of_the_application_have_variables(
    capture: Callable[[Callable[[], object]], ErrorRecord],
) -> None:
    """The innermost ones, of a deep recursion."""

    def dive(depth: int) -> None:
        if depth:
            dive(depth - 1)
        raise ValueError

    record = capture(lambda: dive(500))

    variables = record.exceptions[0].variables
    assert sorted(variables) == list(range(90, 100))
    assert variables[99]["depth"] == 0


def test_neither_modules_nor_classes_show_their_names(
    capture: Callable[[Callable[[], object]], ErrorRecord],
) -> None:
    """What a module or a class defines is no local variable."""

    def module() -> None:
        source = "value = 'c4n4ry'\nclass A:\n    inner = 'c4n4ry'\n    1 / 0\n"
        exec(compile(source, "/srv/shop/a.py", "exec"), {"__name__": "shop.a"})  # noqa: S102 - ours

    record = capture(module)

    info = record.exceptions[0]
    assert [f.function for f in info.frames][-2:] == ["<module>", "A"]
    assert max(info.variables) < len(info.frames) - 2


def test_without_the_setting_there_are_none(recorder: Recorder, sink: ListSink) -> None:
    """The default."""
    recorder.capture(ValueError("x"), explicit=True)

    assert sink.records[0].exceptions[0].variables == {}
