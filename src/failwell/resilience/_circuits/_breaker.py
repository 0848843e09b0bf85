"""The decorator `CircuitBreaker`: the options, and every way to put a call behind it.

When the circuit opens and whom it lets through is the circuit's.
"""

from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.resilience._checks import (
    ErrorClasses,
    Seconds,
    at_least_one,
    duration,
    duration_above_zero,
    error_classes,
    predicate,
    text,
    whole_number,
)
from failwell.resilience._circuits._announcement import announce
from failwell.resilience._circuits._circuit import Circuit
from failwell.resilience._circuits._circuits import Circuits
from failwell.resilience._circuits._guard import Guard
from failwell.resilience._circuits._options import CircuitOptions, shared
from failwell.resilience._circuits._states import (
    CircuitChange,
    CircuitCounters,
    CircuitOverride,
    CircuitState,
)
from failwell.resilience._circuits._trip import THRESHOLD, TripOptions, checked_trip
from failwell.resilience._circuits._wrappers import wrapped
from failwell.resilience._faults import verdict
from failwell.resilience._first import FIRST_CIRCUIT
from failwell.resilience._functions import FunctionKind, kind_of, qualified_name
from failwell.resilience._listeners import Listener
from failwell.resilience._retries._backoff import Backoff

P = ParamSpec("P")
R = TypeVar("R")

_UNNAMED = "circuit"

# The blocks that a context is inside of, the innermost last.
_blocks: ContextVar[tuple["tuple[CircuitBreaker, Guard]", ...]] = ContextVar(
    "failwell_circuit_blocks", default=()
)


class CircuitBreaker:
    """Stop calling what keeps failing, and find out when it is back.

    A decorator for functions, coroutine functions and generator functions, a block
    (`with breaker:`), and a way to call (`breaker.call(function, …)`); all may share one
    breaker. Thread-safe, and no lock is held while the function runs.

    Closed, it counts. At the threshold it opens: the call that failed raises its own
    error, and those after it get `CircuitBreakerError` without being tried. After the
    reset timeout a few calls probe, one by default: when as many have succeeded the
    circuit closes, and the first that fails opens it again. A result of a call begun
    before a change of state counts nowhere.

    Failures in a row are counted, and a success forgets them; or, when anything about a
    window is given, the rate of failures (and of slow calls) among the last calls or in
    the last seconds. A rate is looked at when a call has failed or was slow.

    Every `Exception` is a failure but an `AppError` below 500, which is the caller's
    fault, and a full bulkhead: those are no verdict in either direction, and so is what
    is outside `Exception`, such as `KeyboardInterrupt` or a cancelled task. A call made
    inside a probe goes through; the probe's own result is the verdict.

    Each change of state is one line of the logger `failwell.resilience`: opening at
    WARNING, probing and closing at INFO.

    Args:
        failure_threshold: Failures in a row that open the circuit, from 1; default 5.
        reset_timeout: How long an open circuit refuses, in seconds from 0 or as a
            timedelta; default 60.
        half_open_timeout: How long a probe keeps its place when it does not come back,
            in seconds above 0 or as a timedelta; default 30.
        name: What errors, and so clients, log lines and operators call it: at most 200
            printable characters. Default: the qualified name of the first function that
            it decorates, `circuit` until then.
        failure_rate: The share of failures that opens it instead of failures in a row,
            above 0 and up to 1; 0.5 when only a window is given.
        window_calls: How many of the last calls are looked at, from 1; default 50.
        window_time: Instead of them, the seconds that are looked at, above 0.
        minimum_calls: Calls in the window below which no rate opens it, from 1; default
            10, or as many as the window holds.
        slow_call_time: Seconds above which a call is slow; default: none is. A slow
            probe counts as a failed one.
        slow_call_rate: The share of slow calls that opens it; default 1.
        half_open_calls: How many probe at a time and have to succeed, from 1; default 1.
        reset_backoff: What the reset timeout is times the one before after each failed
            round of probes, from 1; default 1.
        max_reset_timeout: What it never exceeds; default no limit.
        exceptions: The errors that may be failures; default `Exception`. Of the kinds
            above, one counts when a class of that kind is among them.
        ignored: Those of them that are no verdict; default none.
        failed_result: Told a result, whether it is a failure. What it raises is logged,
            and the result is none.
        on_change: Called with a `CircuitChange` after each change, with no lock held.
            What it raises is logged.
        clock: Time.

    Raises:
        TypeError: A parameter is of the wrong kind, or what is decorated is no function.
        ValueError: A parameter has a value that is not allowed.
    """

    __slots__ = ("__weakref__", "_circuit", "_clock", "_listeners", "_named")

    def __init__(  # noqa: PLR0913 - three are given by the contract, the others by keyword only
        self,
        failure_threshold: int = THRESHOLD,
        reset_timeout: Seconds = 60,
        half_open_timeout: Seconds = 30,
        *,
        name: str | None = None,
        failure_rate: float | None = None,
        window_calls: int | None = None,
        window_time: Seconds | None = None,
        minimum_calls: int | None = None,
        slow_call_time: Seconds | None = None,
        slow_call_rate: float | None = None,
        half_open_calls: int = 1,
        reset_backoff: float = 1.0,
        max_reset_timeout: Seconds | None = None,
        exceptions: ErrorClasses = Exception,
        ignored: ErrorClasses = (),
        failed_result: Callable[[Any], object] | None = None,
        on_change: Callable[[CircuitChange], object] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        trip = TripOptions(
            failure_threshold=failure_threshold,
            failure_rate=failure_rate,
            window_calls=window_calls,
            window_time=window_time,
            minimum_calls=minimum_calls,
            slow_call_time=slow_call_time,
            slow_call_rate=slow_call_rate,
        )
        open_time = _open_time(reset_timeout, reset_backoff, max_reset_timeout)
        options = CircuitOptions(
            trip=checked_trip(trip),
            open_time=open_time,
            half_open_timeout_s=duration_above_zero(
                "half_open_timeout", half_open_timeout
            ),
            half_open_calls=whole_number("half_open_calls", half_open_calls, lowest=1),
            verdict=verdict(
                error_classes("exceptions", exceptions),
                error_classes("ignored", ignored, may_be_empty=True),
            ),
            failed_result=predicate("failed_result", failed_result),
        )
        listener = predicate("on_change", on_change)
        self._listeners: tuple[Listener, ...] = () if listener is None else (listener,)
        self._named = name is not None
        self._clock = clock
        name = _UNNAMED if name is None else text("name", name)
        if failed_result is None:  # which need not be hashable
            options = shared(options)
        self._circuit = Circuit(options, clock, name, self._announce)
        self._make_known()

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return `function` behind this breaker, with its name and signature."""
        kind = kind_of(function, "CircuitBreaker")
        self.name_if_unnamed(qualified_name(function))
        return wrapped(function, kind, self._circuit, self._clock)

    def call(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Call `function` behind this breaker; a coroutine is guarded while awaited.

        Raises:
            CircuitBreakerError: The circuit refuses the call.
            TypeError: It is a generator function or cannot be called.
        """
        kind = kind_of(function, "CircuitBreaker.call")
        if kind is FunctionKind.CALLED:
            with self._guard() as guard:
                guard.result = result = function(*args, **kwargs)
            return result
        return wrapped(function, kind, self._circuit, self._clock)(*args, **kwargs)  # type: ignore[no-any-return] # what the function returns

    def __enter__(self) -> Self:
        guard = self._guard()
        guard.__enter__()
        _blocks.set((*_blocks.get(), (self, guard)))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        blocks = _blocks.get()
        place = max(i for i, (breaker, _) in enumerate(blocks) if breaker is self)
        _blocks.set(blocks[:place] + blocks[place + 1 :])
        blocks[place][1].__exit__(kind, error, trace)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, trace)

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.name} {self.state.value}>"

    @property
    def name(self) -> str:
        """What errors and log lines call it."""
        return self._circuit.name

    def name_if_unnamed(self, name: str) -> None:
        """Call it so, unless it was given a name or has taken one."""
        if not self._named:
            self._named = True
            self._circuit.name = name
            self._make_known()

    @property
    def state(self) -> CircuitState:
        """The state that a call would meet now.

        An open circuit whose reset timeout has passed is `HALF_OPEN` here, though
        nobody has called yet: the next call will be its probe.
        """
        return self._circuit.state

    @property
    def state_age(self) -> float:
        """Seconds that it has been in that state."""
        return self._circuit.state_age

    @property
    def override(self) -> CircuitOverride | None:
        """What an operator holds it to, None when the calls decide."""
        return self._circuit.override

    @property
    def counters(self) -> CircuitCounters:
        """What it has counted."""
        return self._circuit.counters

    @property
    def failure_count(self) -> int:
        """Failures in a row, or in the window; with those of failed probes."""
        return self._circuit.counters.failures

    @property
    def rejected_count(self) -> int:
        """Calls refused since the breaker was made."""
        return self._circuit.counters.rejected

    @property
    def retry_after(self) -> float:
        """Seconds until a call may go through; 0.0 if one may now.

        In half-open state it is the time that the running probes may still take; while
        it is held open by hand it is infinite.
        """
        return self._circuit.retry_after

    def force_open(self) -> None:
        """Refuse all calls until `reset`, however long; does not wait for any call."""
        self.hold(CircuitOverride.OPEN)

    def force_closed(self) -> None:
        """Let all calls through until `reset`, whatever they count."""
        self.hold(CircuitOverride.CLOSED)

    def disable(self) -> None:
        """Let all calls through until `reset`, and count none."""
        self.hold(CircuitOverride.DISABLED)

    def reset(self) -> None:
        """Close the circuit and let the calls decide; those under way do not count."""
        self.hold(None)

    def hold(self, override: CircuitOverride | None) -> None:
        """Hold it to a state until told otherwise; None is `reset`."""
        self._circuit.hold(override)

    def listen(self, listener: Callable[[CircuitChange], object]) -> None:
        """Have `listener` called with each change, as `on_change` is.

        Raises:
            TypeError: It cannot be called, or is a coroutine function.
        """
        checked = predicate("listener", listener)
        if checked is not None:
            self._listeners = (*self._listeners, checked)

    @property
    def circuit(self) -> Circuit:
        """Its state machine, for wrappers that ask it without a frame between."""
        return self._circuit

    @property
    def clock(self) -> Clock:
        """Its time."""
        return self._clock

    def _guard(self) -> Guard:
        return Guard(self._circuit, self._clock)

    def _make_known(self) -> None:
        CIRCUITS.add(self)
        override = CIRCUITS.override(self.name)
        if override is not None:
            self.hold(override)
        FIRST_CIRCUIT.announce()

    def _announce(self, change: CircuitChange) -> None:
        announce(change, self._listeners)


CIRCUITS: Circuits[CircuitBreaker] = Circuits()
"""The breakers of this process."""


def _open_time(
    reset_timeout: Seconds, backoff: float, max_timeout: Seconds | None
) -> Backoff:
    return Backoff(
        delay_s=duration("reset_timeout", reset_timeout),
        factor=at_least_one("reset_backoff", backoff),
        max_delay_s=(
            None if max_timeout is None else duration("max_reset_timeout", max_timeout)
        ),
        jitter=None,
    )
