"""A place in the code: module, function and file, and whether it is the application's.

Owns what counts as in-app, which is the same for all applications of a process. Keeps no
reference to a frame or a code object.
"""

import os
import sys
import weakref
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType, TracebackType

from failwell.records._model import Frame
from failwell.records._text import clean

_NAME_LENGTH = 200
_PATH_LENGTH = 500
_CACHE_LIMIT = 4096

FAILWELL = f"{Path(__file__).parents[1]}{os.sep}"
_LIBRARY_PREFIXES = (
    "<",  # frozen importlib, <string> and other generated code
    f"{Path(os.__file__).parent}{os.sep}",
    f"{Path(sys.executable).parent}{os.sep}",  # start scripts of installed tools
    FAILWELL,
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


# Keyed by the address, for a code object's own hash and equality look at its constants
# and not at its file. The weak references let code that was made at run time go, and
# take its entry with it before the address can be used again.
_known: dict[int, Place] = {}
_references: dict[int, weakref.ref[CodeType]] = {}


class _Rules:
    """What applications said about modules: a name, and whether it is in-app."""

    def __init__(self) -> None:
        self.modules: dict[str, bool] = {}


_rules = _Rules()


def count_in_app(modules: Iterable[str]) -> None:
    """Let frames of these modules, and of all below them, count as in-app.

    Args:
        modules: Their names; one with `-` in front is a library's. The longest one that
            holds a module counts, before the place of its file.
    """
    said = {name.removeprefix("-"): not name.startswith("-") for name in modules}
    if said.items() <= _rules.modules.items():
        return
    _rules.modules |= said
    _known.clear()
    _references.clear()


def _is_in_app(module: str, file: str) -> bool:
    name = module if _rules.modules else ""
    while name:
        said = _rules.modules.get(name)
        if said is not None:
            return said
        name = name.rpartition(".")[0]
    return not file.startswith(_LIBRARY_PREFIXES) and not any(
        folder in file for folder in _INSTALLED
    )


def places_of(frames: Iterable[FrameType]) -> tuple[Place, ...]:
    """Return the places that frames stand at."""
    known = _known.get
    return tuple([known(id(frame.f_code)) or _learn(frame) for frame in frames])


def _learn(frame: FrameType) -> Place:
    code = frame.f_code
    if len(_known) >= _CACHE_LIMIT:
        _known.clear()
        _references.clear()
    address = id(code)

    def forget(_: weakref.ref[CodeType]) -> None:
        _known.pop(address, None)
        _references.pop(address, None)

    # Noted before the place: an entry without a reference would never go.
    _references[address] = weakref.ref(code, forget)
    _known[address] = place = _resolve(code, frame.f_globals.get("__name__"))
    return place


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
        in_app=_is_in_app(module, file),
        key=f"{module}:{_without_comprehensions(function)}",
    )


def _without_comprehensions(function: str) -> str:
    for comprehension in _COMPREHENSIONS:
        function = function.replace(comprehension, "")
    return function
