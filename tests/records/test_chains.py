"""Causes, contexts, notes and the members of groups: all of them, bounded."""

import pytest
from tests.records.conftest import ListSink

from failwell.records import ErrorRecord, Recorder, describe, format_chain


def raised(error: BaseException, cause: BaseException | None = None) -> BaseException:
    """Return an error that was raised here."""
    try:
        raise error from cause
    except BaseException as caught:  # noqa: BLE001 - whatever was given
        return caught


def outline(record: ErrorRecord) -> list[tuple[str, str, int]]:
    """Return message, relation and parent of each exception."""
    return [(e.message, e.relation, e.parent) for e in record.exceptions]


def test_the_members_of_a_group_inside_a_chain_are_kept(
    recorder: Recorder, sink: ListSink
) -> None:
    """Behind the chain that leads to the group, each with its own cause."""
    first = raised(ValueError("first"), KeyError("why"))
    group = ExceptionGroup("many", [first, TypeError("second")])

    recorder.capture(raised(RuntimeError("outer"), raised(group)))

    assert outline(sink.records[0]) == [
        ("outer", "", -1),
        ("many (2 sub-exceptions)", "cause", -1),
        ("first", "member", 1),
        ("'why'", "cause", -1),
        ("second", "member", 1),
    ]


def test_groups_within_groups_come_last(recorder: Recorder, sink: ListSink) -> None:
    """Every member refers to its own group."""
    inner = ExceptionGroup("inner", [ValueError("a"), ValueError("b")])
    outer = ExceptionGroup("outer", [inner, KeyError("c")])

    recorder.capture(raised(outer))

    assert [(m.partition(" (")[0], p) for m, _, p in outline(sink.records[0])] == [
        ("outer", -1),
        ("inner", 0),
        ("'c'", 0),
        ("a", 1),
        ("b", 1),
    ]


def test_ten_thousand_members_are_bounded(recorder: Recorder, sink: ListSink) -> None:
    """So are groups in groups: fifty exceptions in all."""
    wide = ExceptionGroup("w", [ValueError(str(n)) for n in range(10_000)])
    deep: Exception = ValueError("x")
    for _ in range(200):
        deep = ExceptionGroup("d", [deep, *[ValueError("y")] * 20])

    recorder.capture(raised(wide))
    recorder.capture(raised(deep))

    assert [len(record.exceptions) for record in sink.records] == [11, 50]
    assert recorder.dropped == {}


def test_members_that_lead_to_their_group_end(
    recorder: Recorder, sink: ListSink
) -> None:
    """A cycle through members is broken like one through causes."""
    member = ValueError("m")
    group = ExceptionGroup("g", [member, member])
    member.__cause__ = group

    recorder.capture(raised(group))

    assert len(sink.records[0].exceptions) == 2


def test_notes_are_redacted_and_bounded(recorder: Recorder, sink: ListSink) -> None:
    """Ten of them, a thousand characters each; what is no text is none."""
    error = ValueError("x")
    error.add_note("while reading password=c4n4ry")
    error.add_note("n" * 100_000)
    error.__notes__ += [object(), *["more"] * 100]

    recorder.capture(raised(error))

    notes = sink.records[0].exceptions[0].notes
    assert notes[0] == "while reading password=[redacted]"
    assert len(notes) <= 10
    assert max(map(len, notes)) <= 1000


def test_the_text_shows_causes_before_and_members_behind() -> None:
    """As Python does: what led to it first, the members indented, with their causes."""
    member = raised(ValueError("member"), KeyError("why"))
    group = raised(ExceptionGroup("many", [member]), OSError("before"))
    group.add_note("a note")

    lines = [line for line in format_chain(describe(group)) if 'File "' not in line]

    assert lines == [
        "OSError: before",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        "ExceptionGroup: many (1 sub-exception)",
        "a note",
        "  +- a member of ExceptionGroup",
        "  | KeyError: 'why'",
        "  | ",
        "  | The above exception was the direct cause of the following exception:",
        "  | ",
        "  | Traceback (most recent call last):",
        "  | ValueError: member",
    ]


@pytest.mark.parametrize("parent", [-7, 0, 5, 10**9])
def test_a_chain_whose_parents_make_no_sense_has_a_text(parent: int) -> None:
    """A damaged record belongs to somebody all the same, and ends."""
    info = describe(ValueError("x"))[0]
    odd = type(info)(type="E", message="m", relation="member", parent=parent)

    assert any("E: m" in line for line in format_chain((info, odd, odd)))
