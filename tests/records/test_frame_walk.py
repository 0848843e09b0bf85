"""What the walk over a traceback finds, and where it stops."""

import gc
import json
import sys
import weakref
from itertools import pairwise
from types import FunctionType

import pytest

from failwell.records._chain import walk_chain
from failwell.records._frames import walk_callers, walk_traceback


def caught(function: object, *arguments: object) -> Exception:
    """Return what a call raises."""
    try:
        function(*arguments)  # type: ignore[operator]
    except (ValueError, ZeroDivisionError) as error:
        return error
    raise AssertionError


def test_frames_run_from_the_call_to_the_raise_with_libraries() -> None:
    """Library frames are kept and marked; generated functions name their parent."""
    error = caught(lambda: json.loads("{"))

    frames = walk_traceback(error.__traceback__).frames

    outer, inner, crash = frames[0], frames[1], frames[-1]
    assert outer.function == "caught"
    assert outer.in_app
    assert inner.function.endswith("with_libraries.<lambda>")
    assert (crash.module, crash.in_app) == ("json.decoder", False)
    assert crash.line > 0


@pytest.mark.parametrize(
    ("file", "in_app"),
    [
        ("/srv/shop/orders.py", True),
        ("orders.py", True),
        ("/srv/.venv/lib/python3.11/site-packages/flask/app.py", False),
        ("/usr/lib/python3/dist-packages/flask/app.py", False),
        ("<string>", False),
        ("<frozen importlib._bootstrap>", False),
        (json.__file__, False),
        (sys.modules["failwell"].__path__[0] + "/resilience/_retry.py", False),
    ],
)
def test_the_file_tells_whether_a_frame_is_in_app(file: str, *, in_app: bool) -> None:
    """Neither the standard library, nor what is installed, nor generated code is."""
    names: dict[str, FunctionType] = {}
    exec(compile("def f(): 1 / 0", file, "exec"), names)  # noqa: S102 - our own source

    stack = walk_traceback(caught(names["f"]).__traceback__)

    assert stack.places[-1].in_app is in_app


def test_a_deep_stack_keeps_both_ends() -> None:
    """Of 50,000 frames the first and the last fifty are kept, the rest is counted."""

    def dive(depth: int) -> None:
        if depth:
            dive(depth - 1)
        raise ValueError

    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(60_000)
    try:
        error = caught(dive, 50_000)
    finally:
        sys.setrecursionlimit(limit)

    stack = walk_traceback(error.__traceback__)

    assert len(stack.places) == 100
    assert stack.omitted == 50_002 - 100
    assert stack.places[0].function == "caught"


def test_a_chain_follows_causes_and_open_contexts() -> None:
    """`from None` ends it; a cause goes before a context."""
    inner, middle, outer = KeyError("a"), ValueError("b"), TypeError("c")
    middle.__context__ = inner
    outer.__cause__ = middle

    assert [link.relation for link in walk_chain(outer)] == ["", "cause", "context"]

    middle.__suppress_context__ = True
    assert [link.error for link in walk_chain(outer)] == [outer, middle]


def test_chains_are_bounded_and_cycles_end() -> None:
    """Ten links at most, and none twice."""
    first, second = ValueError(), KeyError()
    first.__cause__, second.__cause__ = second, first
    links = [ValueError(str(n)) for n in range(100)]
    for error, cause in pairwise(links):
        error.__cause__ = cause

    assert len(walk_chain(first)) == 2
    assert len(walk_chain(links[0])) == 10


def test_the_callers_stack_ends_at_the_caller() -> None:
    """An error that was never raised is known by where it was handed over."""
    stack = walk_callers(sys._getframe())

    place, line = stack.places[-1], stack.frames[-1].line
    assert place.function == "test_the_callers_stack_ends_at_the_caller"
    assert line > 0


def test_code_made_at_run_time_is_let_go() -> None:
    """What is remembered of a place holds neither its code nor its globals."""
    names: dict[str, FunctionType] = {}
    exec(compile("def f(): 1 / 0", "/srv/f.py", "exec"), names)  # noqa: S102 - ours
    walk_chain(caught(names["f"]))
    code = weakref.ref(names["f"].__code__)

    names.clear()
    gc.collect()

    assert code() is None


def test_equal_code_of_two_files_is_told_apart() -> None:
    """Code objects compare equal across files; their places must not."""
    places = []
    for file in ("/srv/a.py", "/usr/lib/python3/site-packages/a.py"):
        names: dict[str, FunctionType] = {}
        exec(compile("def f(): 1 / 0", file, "exec"), names)  # noqa: S102 - ours
        places.append(walk_traceback(caught(names["f"]).__traceback__).places[-1])

    assert [place.in_app for place in places] == [True, False]
