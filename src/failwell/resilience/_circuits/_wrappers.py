"""The wrappers of a function behind a circuit, chosen when it is decorated.

Owns the order of one call: take a ticket, run the function, hand the ticket in. A success
of a closed circuit touches no lock and makes nothing but a call into C; only circuits
that measure time look at the clock.
"""

import functools
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Self

from failwell._clock import Clock
from failwell.resilience._circuits import _inside
from failwell.resilience._circuits._circuit import Circuit
from failwell.resilience._circuits._guard import Guard
from failwell.resilience._circuits._probes import Probe
from failwell.resilience._functions import FunctionKind
from failwell.resilience._generators import END, Stepped, driven

Function = Callable[..., Any]


def wrapped(
    function: Function, kind: FunctionKind, circuit: Circuit, clock: Clock
) -> Function:
    """Return `function` behind `circuit`."""
    if kind is FunctionKind.GENERATOR:
        wrapper = _generating(function, circuit, clock)
    elif kind is FunctionKind.ASYNC_GENERATOR:
        wrapper = driven(function, lambda: _Iteration(circuit, clock))
    elif kind is FunctionKind.AWAITED:
        wrapper = _awaited(function, circuit, clock)
    elif circuit.trip.is_timed:
        wrapper = _called_timed(function, circuit, clock)
    else:
        wrapper = _called(function, circuit)
    return functools.wraps(function)(wrapper)


# The wrappers return what the function returns, which only the decorator's own
# signature can say.


def _called(function: Function, circuit: Circuit) -> Function:
    failed = circuit.failed_result

    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
        ticket = circuit.ticket
        if ticket is None:
            ticket = circuit.admit()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            circuit.fail(ticket, error)
            raise
        if failed is not None and failed(result):
            circuit.fail_result(ticket)
        else:
            next(ticket)
        return result

    return wrapper


def _called_timed(function: Function, circuit: Circuit, clock: Clock) -> Function:
    failed, slow_s, now = circuit.failed_result, circuit.trip.slow_s, clock.monotonic

    def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
        ticket = circuit.ticket
        if ticket is None:
            ticket = circuit.admit()
        started = 0.0 if slow_s is None else now()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            circuit.fail(ticket, error)
            raise
        ended = now()
        if failed is not None and failed(result):
            circuit.fail_result(ticket)
        elif slow_s is not None and ended - started > slow_s:
            circuit.slow(ticket)
        else:
            if ended >= ticket.edge:
                circuit.turn(ended)
            next(ticket.successes)
        return result

    return wrapper


def _awaited(function: Function, circuit: Circuit, clock: Clock) -> Function:
    failed, slow_s, now = circuit.failed_result, circuit.trip.slow_s, clock.monotonic
    is_timed = circuit.trip.is_timed

    async def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - see above
        """As in `_called_timed`, awaited."""
        ticket = circuit.ticket
        if ticket is None:
            ticket = circuit.admit()
        started = 0.0 if slow_s is None else now()
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            circuit.fail(ticket, error)
            raise
        if failed is not None and failed(result):
            circuit.fail_result(ticket)
        elif not is_timed:
            next(ticket)
        else:
            ended = now()
            if slow_s is not None and ended - started > slow_s:
                circuit.slow(ticket)
            else:
                if ended >= ticket.edge:
                    circuit.turn(ended)
                next(ticket.successes)
        return result

    return wrapper


def _generating(function: Function, circuit: Circuit, clock: Clock) -> Function:
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:  # noqa: ANN401 - see above
        with _Iteration(circuit, clock) as iteration:
            generator = function(*args, **kwargs)
            return (yield from Stepped(generator, around=iteration.step))

    return wrapper


class _Iteration(Guard):
    """The guard of a generator, which is part of a probe while it runs and not between."""

    __slots__ = ()

    def __init__(self, circuit: Circuit, clock: Clock) -> None:
        # The time between its items is the consumer's.
        super().__init__(circuit, clock, measured=False)

    def __enter__(self) -> Self:
        super().__enter__()
        if isinstance(self.ticket, Probe):
            _inside.leave(self.ticket.number)
        return self

    @contextmanager
    def _inside_probe(self, number: int) -> Iterator[None]:
        _inside.enter(number)
        try:
            yield
        finally:
            _inside.leave(number)

    def step(self) -> AbstractContextManager[object]:
        """Return what surrounds a step."""
        if isinstance(self.ticket, Probe):
            return self._inside_probe(self.ticket.number)
        return nullcontext()

    async def first(
        self, make: Callable[[], AsyncGenerator[Any, Any]]
    ) -> tuple[AsyncGenerator[Any, Any], Any]:
        """Return the generator and its first item."""
        generator = make()
        with self.step():
            return generator, await anext(generator, END)
