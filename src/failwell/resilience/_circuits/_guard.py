"""One call through a circuit, taken apart: begin, end.

Owns the order for whoever is no function that is called or awaited: a block, a generator,
a call by hand.
"""

from types import TracebackType
from typing import Self

from failwell._clock import Clock
from failwell.resilience._circuits._circuit import Circuit
from failwell.resilience._circuits._probes import Ticket


class Guard:
    """A call that has begun when the block does, and ends with it.

    Args:
        circuit: Whom to ask and to tell.
        clock: Time.
        measured: Whether the call's time counts; a generator's is its consumer's, too.
    """

    __slots__ = ("_circuit", "_clock", "_measured", "_started", "result", "ticket")

    def __init__(
        self, circuit: Circuit, clock: Clock, *, measured: bool = True
    ) -> None:
        self._circuit = circuit
        self._clock = clock
        self._measured = measured
        self._started = 0.0
        self.ticket: Ticket = None
        self.result: object = None
        """What the call returned, if anybody knows."""

    def __enter__(self) -> Self:
        ticket = self._circuit.ticket
        self.ticket = self._circuit.admit() if ticket is None else ticket
        self._started = self._clock.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._circuit.fail(self.ticket, error)
            return
        took_s = self._clock.monotonic() - self._started if self._measured else 0.0
        self._circuit.finish(self.ticket, self.result, took_s)
