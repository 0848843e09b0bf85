"""Errors for the benchmarks: many different ones, deep inside an application."""

from collections.abc import Callable, Sequence
from typing import Any

Fault = Callable[[dict[str, int]], str]


def make_faults(number: int) -> Sequence[Fault]:
    """Return functions that raise a `KeyError` each, every one a group of its own."""
    return [_make_fault(n) for n in range(number)]


def descend(depth: int, fault: Fault, seats: dict[str, int]) -> str:
    """Call `fault` so many application frames deep."""
    if depth:
        return descend(depth - 1, fault, seats)
    return fault(seats)


def _make_fault(number: int) -> Fault:
    source = f"def fault_{number}(seats):\n    return seats['room-{number}']\n"
    scope: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, __file__, "exec"), scope)  # noqa: S102 - our own two lines
    fault: Fault = scope[f"fault_{number}"]
    return fault
