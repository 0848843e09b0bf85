"""What an application's own tests use: what was recorded, and time that stands still.

Also the failure of a test in which a view answers with an error that it does not declare;
and resilience without its waits, held to a state, switched off, or given faults to cope
with. The fixtures of the same names come with pytest by themselves.
"""

from failwell.responses import UndeclaredError
from failwell.testing._clock import ManualClock
from failwell.testing._faults import Faults
from failwell.testing._records import recorded_errors
from failwell.testing._resilience import circuit_held, no_waiting, resilience_off

__all__ = [
    "Faults",
    "ManualClock",
    "UndeclaredError",
    "circuit_held",
    "no_waiting",
    "recorded_errors",
    "resilience_off",
]
