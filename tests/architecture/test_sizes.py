"""The sizes that keep the house readable: files, function bodies, parameters."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ("src", "meetings/src", "benchmarks", "examples")
    for path in (ROOT / folder).rglob("*.py")
)
FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef


def _functions(path: Path) -> Iterator[FunctionNode]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, FunctionNode):
            yield node


def _has_docstring(function: FunctionNode) -> bool:
    return ast.get_docstring(function) is not None


def _body_lines(function: FunctionNode) -> int:
    body = function.body[1:] if _has_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _parameters(function: FunctionNode) -> int:
    arguments = function.args
    named = arguments.posonlyargs + arguments.args
    return len([a for a in named if a.arg not in {"self", "cls"}])


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_file_is_small(path: Path) -> None:
    """No file has more than 350 lines, no body more than 40, no call more than 6."""
    lines = path.read_text().count("\n")
    long_bodies = [f.name for f in _functions(path) if _body_lines(f) > 40]
    wide = [f.name for f in _functions(path) if _parameters(f) > 6]

    assert lines <= 350
    assert long_bodies == []
    assert wide == []


def test_the_typical_file_and_function_are_short() -> None:
    """Half of all files have at most 120 lines, half of all bodies at most 8."""
    lines = [path.read_text().count("\n") for path in FILES]
    bodies = [_body_lines(f) for path in FILES for f in _functions(path)]

    assert statistics.median(lines) <= 120
    assert statistics.median(bodies) <= 8
