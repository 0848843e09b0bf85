"""What an application may say of a group, and how another algorithm takes over."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.records.conftest import ListSink

from failwell._callbacks import Callbacks
from failwell._settings import Settings
from failwell.records import ErrorRecord, GroupDefinition, Recorder, fingerprint
from failwell.records._chain import Chain
from failwell.records._grouping import ALGORITHMS, Algorithm
from failwell.testing import ManualClock


class GatewayError(Exception):
    """Errors of a gateway are one group, wherever they are met."""

    fingerprint = ("gateway",)


def here(error: BaseException) -> BaseException:
    """Return the error, raised here."""
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - whatever was given
        return caught


def there(error: BaseException) -> BaseException:
    """Return the error, raised at another place."""
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - as above
        return caught


def definitions(sink: ListSink) -> list[GroupDefinition]:
    """Return what was defined, the groups of it."""
    return [d for d in sink.defined() if isinstance(d, GroupDefinition)]


def test_a_fingerprint_of_the_class_wins() -> None:
    """Two places and two messages, one group."""
    assert fingerprint(here(GatewayError("a"))) == fingerprint(there(GatewayError("b")))


def test_a_fingerprint_of_the_occurrence_wins() -> None:
    """One place, a group for each service; the class's own is put aside."""

    def failing(service: str) -> BaseException:
        error = GatewayError("x")
        error.fingerprint = ("gateway", service)
        return here(error)

    assert fingerprint(failing("a")) == fingerprint(failing("a"))
    assert fingerprint(failing("a")) != fingerprint(failing("b"))


def test_a_capture_says_more_than_an_exception(
    recorder: Recorder, sink: ListSink
) -> None:
    """What is given along goes before the class's own; an empty list says nothing."""
    ids = [
        recorder.capture(here(GatewayError("x")), fingerprint=["mine"]),
        recorder.capture(here(ValueError("x")), fingerprint=["mine"]),
        recorder.capture(here(GatewayError("x")), fingerprint=[]),
        recorder.capture(there(GatewayError("x"))),
    ]

    groups = [error_id[:16] for error_id in ids]
    assert groups[0] == groups[1]
    assert groups[2] == groups[3] == fingerprint(GatewayError("x"))
    assert groups[0] != groups[2]


def test_default_stands_for_what_would_count(
    recorder: Recorder, sink: ListSink
) -> None:
    """A part of one's own splits the group, and keeps places apart."""
    said = ["{{ default }}", "eu"]

    ids = [
        recorder.capture(here(ValueError("x")), fingerprint=said),
        recorder.capture(here(ValueError("y")), fingerprint=["{{default}}", "eu"]),
        recorder.capture(there(ValueError("x")), fingerprint=said),
        recorder.capture(here(ValueError("x"))),
    ]

    first, same, elsewhere, plain = [error_id[:16] for error_id in ids]
    assert first == same
    assert len({first, elsewhere, plain}) == 3


def test_a_function_of_the_application_groups(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> None:
    """It is asked last; None leaves an error where it was, and so does a failure."""
    callbacks = Callbacks()
    recorder = Recorder(settings, sink, clock=clock, callbacks=callbacks)

    @callbacks.ask_group
    def same(error: BaseException) -> object:
        answers = {"one": ["mine"], "two": "mine", "three": None}
        return answers[str(error)]

    one, two = [recorder.capture(here(ValueError(m))) for m in ("one", "two")]
    three = recorder.capture(here(ValueError("three")))
    lost = here(ValueError("four"))
    four = recorder.capture(lost)
    own = recorder.capture(here(GatewayError("four")))

    assert one[:16] == two[:16]
    assert three[:16] == four[:16] == fingerprint(lost)
    assert own[:16] == fingerprint(GatewayError("x"))
    assert recorder.dropped == {"fingerprint not read": 1}


@pytest.mark.parametrize("given", [None, 5, object(), {"a": 1}, "", (), b"x"])
def test_what_is_no_fingerprint_says_nothing(recorder: Recorder, given: object) -> None:
    """A library's attribute of that name breaks nothing."""
    error = here(ValueError("x"))
    error.fingerprint = given  # type: ignore[attr-defined]

    plain = here(ValueError("x"))

    assert recorder.capture(error)[:16] == recorder.capture(plain)[:16]


def test_what_counted_is_kept_with_the_group(
    recorder: Recorder, sink: ListSink
) -> None:
    """In the order of the hash, and without secrets."""
    recorder.capture(here(ValueError("x")), code="BROKEN")
    recorder.capture(ValueError("no stack: password=c4n4ry"))
    recorder.capture(ValueError("x"), fingerprint=["a", "token=c4n4ry", 5])

    first, second, third = [definition.parts for definition in definitions(sink)]
    assert first[:3] == ("fw1", "BROKEN", "ValueError")
    assert first[3].endswith(":here")
    assert second[-1] == "no stack: password=[redacted]"
    assert third == ("fingerprint", "a", "token=[redacted]", "5")
    assert b"c4n4ry" not in sink.every_byte


def test_kinds_in_one_group_are_counted_apart(
    recorder: Recorder, sink: ListSink
) -> None:
    """Statistics by type and code stay exact where an application joins them."""
    for error in (ValueError("x"), ValueError("y"), KeyError("z")):
        recorder.capture(here(error), fingerprint=["one"])

    assert sorted(sink.counts.values()) == [1, 2]
    assert {d.type for d in definitions(sink)} == {"ValueError", "KeyError"}
    assert len({d.hash for d in definitions(sink)}) == 1


def nested(names: list[str], seed: int, copies: int) -> BaseException:
    """Return a group of errors from several places, shuffled, some of them doubled."""
    makers = {"here": here, "there": there}
    members = [makers[n](ValueError(f"{n} {i}")) for i in range(copies) for n in names]
    random.Random(seed).shuffle(members)  # noqa: S311 - a shuffle
    return here(ExceptionGroup("many", members))


@given(seed=st.integers(0, 999), copies=st.integers(1, 40))
def test_order_and_number_of_members_do_not_matter(seed: int, copies: int) -> None:
    """A group of errors is known by what kinds it holds."""
    both = fingerprint(nested(["here", "there"], seed, copies))

    assert both == fingerprint(nested(["there", "here"], seed + 1, 1))
    assert both != fingerprint(nested(["here"], seed, copies))


def test_groups_in_chains_and_groups_count_too() -> None:
    """Neither a wrapper nor a group around hides what members there are."""

    def wrapped(*errors: Exception) -> BaseException:
        group = ExceptionGroup("g", [ExceptionGroup("h", errors)])
        error = RuntimeError("outer")
        error.__cause__ = group
        return here(error)

    assert fingerprint(wrapped(ValueError("1"), KeyError("k"))) == fingerprint(
        wrapped(KeyError("k"), ValueError("2"), ValueError("3"))
    )
    assert fingerprint(wrapped(ValueError("1"))) != fingerprint(wrapped(KeyError("k")))


def test_a_group_that_was_never_raised_does_not_count_its_members() -> None:
    """Its message tells how many there are."""
    assert fingerprint(ExceptionGroup("g", [ValueError("1")])) == fingerprint(
        ExceptionGroup("g", [ValueError("1"), ValueError("2")])
    )


def test_ten_thousand_members_have_a_fingerprint() -> None:
    """Groups within groups without end have one, too."""
    deep: Exception = ValueError("x")
    for _ in range(2000):
        deep = ExceptionGroup("d", [deep, ValueError("y")])

    assert len(fingerprint(deep)) == 16
    assert len(fingerprint(ExceptionGroup("w", [ValueError("x")] * 10_000))) == 16


def by_type(chain: Chain, code: str) -> Iterator[str]:
    """Tell errors apart by their type alone."""
    yield "types"
    yield type(chain[0].error).__name__


def test_another_algorithm_takes_over_without_splitting(
    settings: Settings, sink: ListSink, clock: ManualClock
) -> None:
    """Its groups carry the hash by the one before, under which the errors are known."""
    before = Recorder(settings, sink, clock=clock)
    known = before.capture(here(ValueError("x")))[:16]
    types = Algorithm("types", by_type)
    after = Recorder(settings, sink, clock=clock, algorithms=(types, *ALGORITHMS))

    new = after.capture(here(ValueError("x")))[:16]
    said = after.capture(here(ValueError("x")), fingerprint=["one"])[:16]

    record: ErrorRecord = sink.records[1]
    taken_over, explicit = definitions(sink)[1:]
    assert new != known
    assert record.algorithm == taken_over.algorithm == "types"
    assert taken_over.aliases == {"fw1": known}
    assert taken_over.parts == ("types", "ValueError")
    assert explicit.aliases == {"fw1": said}
    assert definitions(sink)[0].aliases == {}


def test_every_process_finds_the_same_group() -> None:
    """Whatever order its sets have."""
    program = (
        "from failwell.records import fingerprint\n"
        "kinds = [type(f'E{n}', (Exception,), {}) for n in range(20)]\n"
        "print(fingerprint(ExceptionGroup('g', [kind() for kind in kinds])))\n"
    )

    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }

    assert len(found) == 1
