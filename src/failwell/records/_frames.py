"""Where an exception came from: its chain, and the stack of each link.

Owns the walk, what counts as in-app, and the caps. Keeps no reference to a frame, a
code object or an exception, formats nothing and reads no source file.
"""

import os
import sys
import weakref
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, TracebackType
from typing import Literal, NamedTuple, TypeVar

from failwell.records._model import Frame
from failwell.records._text import clean

Relation = Literal["", "cause", "context"]
Item = TypeVar("Item")

CHAIN_LIMIT = 10
EDGE_FRAMES = 50
_NAME_LENGTH = 200
_PATH_LENGTH = 500
_CACHE_LIMIT = 4096

_FAILWELL = f"{Path(__file__).parents[1]}{os.sep}"
_LIBRARY_PREFIXES = (
    "<",  # frozen importlib, <string> and other generated code
    f"{Path(os.__file__).parent}{os.sep}",
    f"{Path(sys.executable).parent}{os.sep}",  # start scripts of installed tools
    _FAILWELL,
)
_INSTALLED = tuple(
    f"{os.sep}{folder}{os.sep}" for folder in ("site-packages", "dist-packages")
)
# Python 3.12 runs comprehensions in the frame of their parent (PEP 709).
_COMPREHENSIONS = (".<listcomp>", ".<dictcomp>", ".<setcomp>")


Step = TracebackType | FrameType


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """What is the same each time that a piece of code fails.

    Equal to itself alone, so that a tuple of places is a cheap key.
    """

    module: str
    function: str
    file: str
    in_app: bool
    key: str
    """What the fingerprint takes of it: module and function, the same on any Python."""
    frames: dict[int, Frame] = field(default_factory=dict)
    """The frames seen here, by the offset of the instruction: few of them ever fail."""

    def frame(self, step: Step) -> Frame:
        """Return the frame of a step through this place."""
        offset = step.tb_lasti if isinstance(step, TracebackType) else step.f_lasti
        known = self.frames.get(offset)
        if known is None:
            # To find a line, the table of its code has to be read from the start.
            line = step.tb_lineno if isinstance(step, TracebackType) else step.f_lineno
            known = Frame(self.module, self.function, self.file, line or 0, self.in_app)
            self.frames[offset] = known
        return known


class Stack(NamedTuple):
    """The frames of one exception, from the outermost call to the raise.

    Lives as long as the exception is being captured: its steps hold the frames.
    """

    places: tuple[Place, ...]
    steps: tuple[Step, ...]
    omitted: int = 0

    @property
    def blamed(self) -> Frame | None:
        """The innermost in-app frame, or else the one that raised."""
        for place, step in zip(
            reversed(self.places), reversed(self.steps), strict=True
        ):
            if place.in_app:
                return place.frame(step)
        return self.places[-1].frame(self.steps[-1]) if self.places else None

    def frames(self) -> tuple[Frame, ...]:
        """Return the frames as they are recorded."""
        return tuple(map(Place.frame, self.places, self.steps))


class Link(NamedTuple):
    """One exception of a chain."""

    error: BaseException
    relation: Relation
    stack: Stack


def walk_chain(error: BaseException, *, explicit: bool = False) -> tuple[Link, ...]:
    """Return `error` and what led to it, at most ten, the raised one first.

    Follows `__cause__`, else `__context__` where it is not suppressed; a cycle ends
    the chain.

    Args:
        error: The exception.
        explicit: Whether an exception that was never raised gets the stack of the
            call into failwell, so that it is known where it came from.
    """
    stack = walk_traceback(error.__traceback__)
    if explicit and not stack.places:
        stack = walk_callers(sys._getframe(1))  # noqa: SLF001 - the documented way
    links = [Link(error, "", stack)]
    while len(links) < CHAIN_LIMIT:
        leading, relation = _led_to(links[-1].error)
        if leading is None or any(leading is link.error for link in links):
            break
        links.append(Link(leading, relation, walk_traceback(leading.__traceback__)))
    return tuple(links)


def _led_to(error: BaseException) -> tuple[BaseException | None, Relation]:
    cause = error.__cause__
    if cause is not None:
        return cause, "cause"
    return (None if error.__suppress_context__ else error.__context__), "context"


def walk_traceback(traceback: TracebackType | None) -> Stack:
    """Return the stack of a traceback: of a very deep one, the first 50 and last 50."""
    steps: list[TracebackType] = []
    while traceback is not None:
        steps.append(traceback)
        traceback = traceback.tb_next
    kept = _edges(steps)
    places = _places_of([step.tb_frame for step in kept])
    return Stack(places, tuple(kept), len(steps) - len(kept))


def walk_callers(frame: FrameType | None) -> Stack:
    """Return the stack that led to `frame`, without failwell's own innermost part."""
    while frame is not None and frame.f_code.co_filename.startswith(_FAILWELL):
        frame = frame.f_back
    steps: list[FrameType] = []
    while frame is not None:
        steps.append(frame)
        frame = frame.f_back
    steps.reverse()
    kept = _edges(steps)
    return Stack(_places_of(kept), tuple(kept), len(steps) - len(kept))


def _edges(steps: list[Item]) -> list[Item]:
    if len(steps) <= 2 * EDGE_FRAMES:
        return steps
    return steps[:EDGE_FRAMES] + steps[-EDGE_FRAMES:]


# Keyed by the address, for a code object's own hash and equality look at its constants
# and not at its file. The weak reference tells a reused address, and lets code that was
# made at run time go.
_places: dict[int, tuple[weakref.ref[CodeType], Place]] = {}


def _places_of(frames: list[FrameType]) -> tuple[Place, ...]:
    places = []
    for frame in frames:
        code = frame.f_code
        known = _places.get(id(code))
        if known is None or known[0]() is not code:
            known = _learn(code, frame)
        places.append(known[1])
    return tuple(places)


def _learn(code: CodeType, frame: FrameType) -> tuple[weakref.ref[CodeType], Place]:
    if len(_places) >= _CACHE_LIMIT:
        _places.clear()
    place = _resolve(code, frame.f_globals.get("__name__"))
    _places[id(code)] = known = weakref.ref(code), place
    return known


def _resolve(code: CodeType, name: object) -> Place:
    file = clean(code.co_filename, _PATH_LENGTH)
    # A template's frame is named after its path, which differs between installations.
    module = os.path.basename(name) if isinstance(name, str) else ""  # noqa: PTH119 - a name, not a path of ours
    module = clean(module, _NAME_LENGTH)
    function = clean(code.co_qualname.replace(".<locals>", ""), _NAME_LENGTH)
    return Place(
        module=module,
        function=function,
        file=file,
        in_app=not file.startswith(_LIBRARY_PREFIXES)
        and not any(folder in file for folder in _INSTALLED),
        key=f"{module}:{_without_comprehensions(function)}",
    )


def _without_comprehensions(function: str) -> str:
    for comprehension in _COMPREHENSIONS:
        function = function.replace(comprehension, "")
    return function
