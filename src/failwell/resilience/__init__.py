"""Calls to what may fail: try again, or stop calling.

Owns the retry and the circuit breaker. Refuses to know Flask, to hold a lock while the
caller's code runs, and to spend anything on a call that succeeds: each decorator makes
one wrapper, chosen at decoration by the kind of function.
"""

from failwell.resilience._breaker import CircuitBreaker
from failwell.resilience._circuit import CircuitState
from failwell.resilience._retry import retry

__all__ = ["CircuitBreaker", "CircuitState", "retry"]
