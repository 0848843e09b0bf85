"""A stack with its source lines: the application's frames open, the others one line."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from failwell.cli._text import shown
from failwell.records import ErrorRecord, ExceptionInfo, Frame, parent_of

_RELATIONS = {
    "cause": "caused by",
    "context": "while handling",
    "earlier": "after an earlier attempt",
}


def stack(record: ErrorRecord) -> Iterator[RenderableType]:
    """Yield the chain of exceptions, the raised one first, calls from the outside in."""
    for index, info in enumerate(record.exceptions):
        relation = _RELATIONS.get(info.relation)
        if relation:
            yield Text(f"\n{relation}", "dim")
        elif index:
            group = record.exceptions[parent_of(info, index)].type
            yield Text.assemble(("\nmember of ", "dim"), shown(group, "dim"))
        yield Text.assemble(
            shown(info.type, "bold red"),
            ": " if info.message else "",
            shown(info.message),
        )
        for note in info.notes:
            yield Text.assemble("  ", shown(note))
        yield from _frames(info)


def _frames(info: ExceptionInfo) -> Iterator[RenderableType]:
    # Where no frame is the application's own, that of the raise is shown open.
    foreign = not any(frame.in_app for frame in info.frames)
    middle = len(info.frames) // 2
    for number, frame in enumerate(info.frames):
        if info.omitted_frames and number == middle:
            yield Text(f"  … {info.omitted_frames} more frames", "dim")
        is_open = frame.in_app or (foreign and frame is info.frames[-1])
        yield _place(frame, "bold" if is_open else "dim")
        if is_open:
            yield from _source(frame)
        for name, value in info.variables.get(number, {}).items():
            yield Text.assemble("      ", shown(name, "dim"), " = ", shown(value))


def _place(frame: Frame, style: str) -> Text:
    return Text.assemble(
        "  ",
        shown(f"{frame.file}:{frame.line}", style),
        " in ",
        shown(frame.function, style),
    )


def _source(frame: Frame) -> Iterator[RenderableType]:
    if frame.source is None:
        return
    for number, line in enumerate(frame.source.lines, frame.source.first_line):
        is_crash = number == frame.line
        marked = f"  {'>' if is_crash else ' '} {number:>5} │ "
        yield Text.assemble(
            (marked, "red" if is_crash else "dim"),
            shown(line.expandtabs(4), "bold" if is_crash else ""),
        )
