"""The decorator `CircuitBreaker`: the circuit's wrappers, called or awaited.

Owns the order of one call: take a ticket, run the function, settle the ticket. When
the circuit opens and whom it lets through is the circuit's.
"""

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.resilience._checks import (
    Seconds,
    duration,
    duration_above_zero,
    whole_number,
    wrong_type,
    wrong_value,
)
from failwell.resilience._circuit import Circuit, CircuitOptions, CircuitState
from failwell.resilience._functions import is_awaited, qualified_name

P = ParamSpec("P")
R = TypeVar("R")

_UNNAMED = "circuit"
_LONGEST_NAME = 200


class CircuitBreaker:
    """Stop calling what keeps failing, and find out when it is back.

    A decorator for functions and coroutine functions; several may share one breaker.
    Thread-safe, and no lock is held while the function runs.

    Closed, it counts failures in a row; a success forgets them. At the threshold it
    opens: the call that failed raises its own error, and those after it get
    `CircuitBreakerError` without being tried. After the reset timeout one call at a
    time probes: its success closes the circuit, its failure opens it again. A result
    of a call begun before a change of state counts nowhere.

    Every `Exception` is a failure but an `AppError` below 500: that is the caller's
    fault and no verdict in either direction. What is outside `Exception`, such as
    `KeyboardInterrupt` or a cancelled task, is no verdict either. A call made inside a
    probe goes through; the probe's own result is the verdict.

    Each change of state is one line of the logger `failwell.resilience`: opening at
    WARNING, probing and closing at INFO.

    Args:
        failure_threshold: Failures in a row that open the circuit, from 1; default 5.
        reset_timeout: How long an open circuit refuses, in seconds from 0 or as a
            timedelta; default 60.
        half_open_timeout: How long a probe keeps its place when it does not come back,
            in seconds above 0 or as a timedelta; default 30.
        name: What errors, and so clients, and log lines call it: at most 200 printable
            characters. Default: the qualified name of the first function that it
            decorates, `circuit` until then.
        clock: Time.

    Raises:
        TypeError: A parameter is of the wrong kind, or what is decorated is no
            function or a generator function.
        ValueError: A parameter has a value that is not allowed.
    """

    def __init__(
        self,
        failure_threshold: int = 5,
        reset_timeout: Seconds = 60,
        half_open_timeout: Seconds = 30,
        *,
        name: str | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        options = CircuitOptions(
            failure_threshold=whole_number(
                "failure_threshold", failure_threshold, lowest=1
            ),
            reset_timeout_s=duration("reset_timeout", reset_timeout),
            half_open_timeout_s=duration_above_zero(
                "half_open_timeout", half_open_timeout
            ),
        )
        self._named = name is not None
        self._circuit = Circuit(
            options, clock, _UNNAMED if name is None else _checked_name(name)
        )

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` behind this breaker, with its name and signature."""
        wrap = _awaited if is_awaited(function, "CircuitBreaker") else _called
        if not self._named:
            self._named = True
            self._circuit.name = qualified_name(function)
        return wrap(function, self._circuit)

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.name} {self.state.value}>"

    @property
    def name(self) -> str:
        """What errors and log lines call it."""
        return self._circuit.name

    @property
    def state(self) -> CircuitState:
        """The state that a call would meet now.

        An open circuit whose reset timeout has passed is `HALF_OPEN` here, though
        nobody has called yet: the next call will be its probe.
        """
        return self._circuit.state

    @property
    def failure_count(self) -> int:
        """Failures in a row since the last success, with those of failed probes."""
        return self._circuit.failures

    @property
    def rejected_count(self) -> int:
        """Calls refused since the breaker was made."""
        return self._circuit.rejected

    @property
    def retry_after(self) -> float:
        """Seconds until a call may go through; 0.0 if one may now.

        In half-open state it is the time that the running probe may still take.
        """
        return self._circuit.retry_after

    def reset(self) -> None:
        """Close the circuit by hand; results of calls under way do not count."""
        self._circuit.reset()


def _called(function: Callable[P, Any], circuit: Circuit) -> Callable[P, Any]:
    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 - whatever the function returns
        ticket = circuit.ticket
        if ticket is None:
            ticket = circuit.admit()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            circuit.fail(ticket, error)
            raise
        if circuit.failures:
            circuit.succeed(ticket)
        return result

    return wrapper


def _awaited(function: Callable[P, Any], circuit: Circuit) -> Callable[P, Any]:
    @functools.wraps(function)
    async def wrapper(*args: P.args, **kwargs: P.kwargs) -> Any:  # noqa: ANN401 - as above
        """As in `_called`, awaited."""
        ticket = circuit.ticket
        if ticket is None:
            ticket = circuit.admit()
        try:
            result = await function(*args, **kwargs)
        except BaseException as error:
            circuit.fail(ticket, error)
            raise
        if circuit.failures:
            circuit.succeed(ticket)
        return result

    return wrapper


def _checked_name(name: object) -> str:
    allowed = f"a text of 1 to {_LONGEST_NAME} printable characters"
    if not isinstance(name, str):
        raise wrong_type("name", name, allowed)
    if not name or not name.isprintable() or len(name) > _LONGEST_NAME:
        raise wrong_value("name", name, allowed)
    return name
