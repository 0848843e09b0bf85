"""The peers of `resilience.py`, each put round a function as its documentation says.

Owns nothing of the measurement. A peer that is not installed, or does not work with this
Python, is left out and named.
"""

import functools
import importlib
import logging
from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]
Wrap = Callable[[Function], Function]

for noisy in ("backoff", "redress", "stamina", "pybreaker", "purgatory"):
    logging.getLogger(noisy).disabled = True


def _load(name: str) -> Any:  # noqa: ANN401 - a module
    return importlib.import_module(name)


def pybreaker(threshold: int) -> Wrap:
    """Return a breaker that opens at so many failures."""
    return _load("pybreaker").CircuitBreaker(fail_max=threshold, reset_timeout=999)  # type: ignore[no-any-return] # a decorator


def circuitbreaker(threshold: int) -> Wrap:
    """As `pybreaker`, of its own name."""
    module = _load("circuitbreaker")
    return module.CircuitBreaker(failure_threshold=threshold, recovery_timeout=999)  # type: ignore[no-any-return] # as above


def aiobreaker(threshold: int) -> Wrap:
    """As above."""
    return _load("aiobreaker").CircuitBreaker(fail_max=threshold)  # type: ignore[no-any-return] # as above


def purgatory(threshold: int) -> Wrap:
    """As above."""
    factory = _load("purgatory").SyncCircuitBreakerFactory(threshold, 999)
    return factory("bench")  # type: ignore[no-any-return] # as above


def purgatory_async(threshold: int) -> Wrap:
    """As above, for coroutine functions."""
    factory = _load("purgatory").AsyncCircuitBreakerFactory(threshold, 999)
    return factory("bench")  # type: ignore[no-any-return] # as above


def hyx_breaker(threshold: int) -> Wrap:
    """As above, for coroutine functions only."""
    module = _load("hyx.circuitbreaker")
    return module.consecutive_breaker(failure_threshold=threshold)  # type: ignore[no-any-return] # as above


def redress_breaker(threshold: int) -> Wrap:
    """As above, by its policy's `call`."""
    module = _load("redress")
    policy = module.Policy(
        circuit_breaker=module.CircuitBreaker(failure_threshold=threshold)
    )
    return lambda function: (
        lambda *args: policy.call(functools.partial(function, *args))
    )


def redress_breaker_async(threshold: int) -> Wrap:
    """As above, awaited."""
    module = _load("redress")
    policy = module.AsyncPolicy(
        circuit_breaker=module.CircuitBreaker(failure_threshold=threshold)
    )
    return lambda function: (
        lambda *args: policy.call(functools.partial(function, *args))
    )


def tenacity() -> Wrap:
    """Return a retry of three attempts without a delay."""
    module = _load("tenacity")
    return module.retry(  # type: ignore[no-any-return] # a decorator
        stop=module.stop_after_attempt(3),
        retry=module.retry_if_exception_type(OSError),
        reraise=True,
    )


def stamina() -> Wrap:
    """As `tenacity`, of its own name."""
    module = _load("stamina")
    module.instrumentation.set_on_retry_hooks([])  # it would print each
    return module.retry(  # type: ignore[no-any-return] # as above
        on=OSError, attempts=3, wait_initial=0, wait_jitter=0, wait_max=0
    )


def backoff() -> Wrap:
    """As above."""
    module = _load("backoff")
    return module.on_exception(  # type: ignore[no-any-return] # as above
        module.constant, OSError, interval=0, jitter=None, max_tries=3
    )


def redress_retry() -> Wrap:
    """As above."""
    module = _load("redress")
    return module.retry(  # type: ignore[no-any-return] # as above
        max_attempts=3,
        strategy=lambda ctx: 0.0,  # noqa: ARG005 - the parameter tells its kind
    )


def hyx_retry() -> Wrap:
    """As above, for coroutine functions only."""
    return _load("hyx.retry").retry(on=OSError, attempts=3, backoff=0)  # type: ignore[no-any-return] # as above


BREAKERS: dict[str, Callable[[int], Wrap]] = {
    "circuitbreaker": circuitbreaker,
    "purgatory": purgatory,
    "aiobreaker": aiobreaker,
    "pybreaker": pybreaker,
    "redress breaker": redress_breaker,
}
ASYNC_BREAKERS: dict[str, Callable[[int], Wrap]] = {
    "circuitbreaker": circuitbreaker,
    "hyx breaker": hyx_breaker,
    "aiobreaker": aiobreaker,
    "purgatory": purgatory_async,
    "redress breaker": redress_breaker_async,
}
RETRIES: dict[str, Callable[[], Wrap]] = {
    "backoff": backoff,
    "redress retry": redress_retry,
    "stamina": stamina,
    "tenacity": tenacity,
}
ASYNC_RETRIES: dict[str, Callable[[], Wrap]] = {"hyx retry": hyx_retry, **RETRIES}
