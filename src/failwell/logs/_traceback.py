"""Exceptions as text: walked cheaply where they are, formatted where there is time.

Both ways end here: an exception given to a logging call, and an `ErrorRecord`.
"""

import linecache
from collections.abc import Iterator
from itertools import islice
from types import TracebackType

from failwell.logs._escape import escape
from failwell.records import ExceptionInfo, Frame

_EXCEPTIONS = 16
_FRAMES = 100
_MESSAGE = 8_192
_SOURCE = 500
_LINKS = {
    "": "The above exception is one of those in the following group:",
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
}


def describe(error: BaseException) -> tuple[ExceptionInfo, ...]:
    """Return the chain of `error`, the raised one first; reads no source, keeps no frame.

    At most 16 exceptions with the first and last 50 frames each; the members of a
    group follow their group.
    """
    chain: list[ExceptionInfo] = []
    waiting: list[tuple[str, BaseException]] = [("", error)]
    seen: set[int] = set()
    while waiting and len(chain) < _EXCEPTIONS:
        relation, current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        chain.append(_describe_one(current, relation))
        waiting += _related(current)
    return tuple(chain)


def format_exceptions(chain: tuple[ExceptionInfo, ...]) -> Iterator[str]:
    """Yield the lines of a traceback in the interpreter's form, each one harmless line.

    Args:
        chain: The raised exception first, as `describe` and `ErrorRecord` have it; the
            lines begin with the last, as the interpreter's do.
    """
    for info in reversed(chain):
        if info.frames:
            yield "Traceback (most recent call last):"
        middle = len(info.frames) // 2
        for number, frame in enumerate(info.frames):
            if info.omitted_frames and number == middle:
                yield f"  … {info.omitted_frames} more frames"
            yield from _format_frame(frame)
        yield escape(f"{info.type}: {info.message}" if info.message else info.type)
        if info is not chain[0]:
            yield _LINKS.get(info.relation, _LINKS["context"])


def _format_frame(frame: Frame) -> Iterator[str]:
    yield escape(f'  File "{frame.file}", line {frame.line}, in {frame.function}')
    source = linecache.getline(frame.file, frame.line).strip()
    if source:
        yield escape(f"    {source[:_SOURCE]}")


def _describe_one(error: BaseException, relation: str) -> ExceptionInfo:
    path = list(_walk(error.__traceback__))
    half = _FRAMES // 2
    kept = path if len(path) <= _FRAMES else path[:half] + path[-half:]
    return ExceptionInfo(
        type=f"{type(error).__module__}.{type(error).__qualname__}".removeprefix(
            "builtins."
        ),
        message=_message(error),
        frames=tuple(map(_frame, kept)),
        omitted_frames=len(path) - len(kept),
        relation=relation,  # type: ignore[arg-type]  # made by _related alone
    )


def _walk(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _frame(item: TracebackType) -> Frame:
    code = item.tb_frame.f_code
    return Frame(
        module=str(item.tb_frame.f_globals.get("__name__", "")),
        function=code.co_name,
        file=code.co_filename,
        line=item.tb_lineno or 0,
    )


def _message(error: BaseException) -> str:
    try:
        text = str(error)
        notes = getattr(error, "__notes__", None)
        if isinstance(notes, list):
            text = "\n".join([text, *(str(note) for note in islice(notes, 8))])
    except Exception as failure:  # noqa: BLE001 - `__str__` is anybody's code
        return f"(its message could not be read: {type(failure).__name__})"
    return text[:_MESSAGE]


def _related(error: BaseException) -> Iterator[tuple[str, BaseException]]:
    if isinstance(error, BaseExceptionGroup):
        yield from (("", member) for member in error.exceptions[:_EXCEPTIONS])
    if error.__cause__ is not None:
        yield "cause", error.__cause__
    elif error.__context__ is not None and not error.__suppress_context__:
        yield "context", error.__context__
