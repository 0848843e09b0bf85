"""Local variables of the frames that failed: only where the application asked for them.

Owns which frames and names, and how much of each value. Keeps nothing of a frame, and
calls no `repr`.
"""

from types import FrameType, TracebackType

from failwell.records._frames import Stack, kept_frames
from failwell.records._redact import Bounds, Json, Redaction
from failwell.records._secrets import MARK, is_secret_name
from failwell.records._text import clean

BOUNDS = Bounds(depth=3, width=10, text=200, values=500, characters=16_384)
"""Of all the variables of one error together."""
_FRAMES = 10
_VARIABLES = 30
_NAME_LENGTH = 100
_OPTIMIZED = 0x1
"""The flag of code whose locals are its own, not a module's or a class's."""

# Values of a statement stand there without their names.
_POSITIONAL = frozenset({"params", "parameters", "bind", "binds"})

Variables = dict[int, dict[str, Json]]


def variables_of(
    traceback: TracebackType | None, stack: Stack, left: Redaction
) -> Variables:
    """Return the variables of the ten innermost in-app frames, by the frame's index.

    Args:
        traceback: What the stack was made from.
        stack: Says which frames are in-app.
        left: What may still be kept.
    """
    found: Variables = {}
    frames = kept_frames(traceback)
    for index in range(min(len(frames), len(stack.frames)) - 1, -1, -1):
        if len(found) == _FRAMES:
            break
        if stack.frames[index].in_app:
            variables = _of_frame(frames[index], left)
            if variables:
                found[index] = variables
    return found


def _of_frame(frame: FrameType, left: Redaction) -> dict[str, Json]:
    if not frame.f_code.co_flags & _OPTIMIZED:
        return {}
    variables = list(dict(frame.f_locals).items())[:_VARIABLES]
    return {
        clean(name, _NAME_LENGTH): MARK if _hides(name, value) else left.redact(value)
        for name, value in variables
    }


def _hides(name: str, value: object) -> bool:
    return is_secret_name(name) or (
        name in _POSITIONAL and issubclass(type(value), (list, tuple))
    )
