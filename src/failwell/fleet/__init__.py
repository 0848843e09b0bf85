"""The processes of an application and their circuit breakers, as one person sees them.

Counting stays in each process. Owns what they share: the board on which each of them puts
up how its circuits are, and from which each reads what operators have ordered; the thread
that does so; and the view of the whole. Refuses to be on the way of any request: when the
board is away, breakers go on with the orders that they have.
"""

import typing

from failwell._late import late as _late
from failwell.fleet._board import Board, StoreBoard
from failwell.fleet._fleet import Fleet
from failwell.fleet._redis import BoardError, RedisBoard

if typing.TYPE_CHECKING:
    from failwell.fleet._overview import CircuitView, Overview, SeenCircuit
    from failwell.fleet._reports import CircuitReport, ProcessReport

__all__ = [
    "Board",
    "BoardError",
    "CircuitReport",
    "CircuitView",
    "Fleet",
    "Overview",
    "ProcessReport",
    "RedisBoard",
    "SeenCircuit",
    "StoreBoard",
]

if not typing.TYPE_CHECKING:
    # They load the breakers, which a process without any does not need.
    __getattr__, __dir__ = _late(
        __name__,
        {
            "CircuitReport": "failwell.fleet._reports",
            "CircuitView": "failwell.fleet._overview",
            "Overview": "failwell.fleet._overview",
            "ProcessReport": "failwell.fleet._reports",
            "SeenCircuit": "failwell.fleet._overview",
        },
        __all__,
    )
