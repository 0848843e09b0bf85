"""Calls to what may fail: try again, stop calling, wait no longer, or do without.

Owns the strategies, each a decorator, and the policy that composes them. Refuses to know
Flask, to hold a lock while the caller's code runs, and to spend anything on a call that
succeeds: each decorator makes one wrapper, chosen at decoration by what is switched on
and by the kind of function.
"""

import typing

from failwell._late import late as _late
from failwell.resilience._deadline import (
    check_deadline,
    deadline,
    remaining,
    remaining_or,
)
from failwell.resilience._first import FIRST_CIRCUIT
from failwell.resilience._listeners import listen
from failwell.resilience._retries import (
    BUDGETS,
    Attempt,
    RetryBudget,
    RetryDetails,
    Retrying,
    retry,
    retrying,
)

if typing.TYPE_CHECKING:
    from failwell.resilience._bulkhead import BULKHEADS, Bulkhead
    from failwell.resilience._circuits import (
        CIRCUITS,
        CircuitBreaker,
        CircuitChange,
        CircuitCounters,
        CircuitOverride,
        CircuitState,
    )
    from failwell.resilience._fallback import fallback
    from failwell.resilience._headers import (
        TIMEOUT_HEADER,
        format_timeout,
        parse_timeout,
    )
    from failwell.resilience._policies import POLICIES, Policy
    from failwell.resilience._rate_limit import rate_limit
    from failwell.resilience._refusals import CallRefused
    from failwell.resilience._threads import abandoned_threads
    from failwell.resilience._timeout import timeout

__all__ = [
    "BUDGETS",
    "BULKHEADS",
    "CIRCUITS",
    "FIRST_CIRCUIT",
    "POLICIES",
    "TIMEOUT_HEADER",
    "Attempt",
    "Bulkhead",
    "CallRefused",
    "CircuitBreaker",
    "CircuitChange",
    "CircuitCounters",
    "CircuitOverride",
    "CircuitState",
    "Policy",
    "RetryBudget",
    "RetryDetails",
    "Retrying",
    "abandoned_threads",
    "check_deadline",
    "deadline",
    "fallback",
    "format_timeout",
    "listen",
    "parse_timeout",
    "rate_limit",
    "remaining",
    "remaining_or",
    "retry",
    "retrying",
    "timeout",
]

if not typing.TYPE_CHECKING:
    # The retry is part of other rooms; what else a program uses, it loads by naming it.
    __getattr__, __dir__ = _late(
        __name__,
        {
            "BULKHEADS": "failwell.resilience._bulkhead",
            "Bulkhead": "failwell.resilience._bulkhead",
            "CallRefused": "failwell.resilience._refusals",
            "CIRCUITS": "failwell.resilience._circuits",
            "CircuitBreaker": "failwell.resilience._circuits",
            "CircuitChange": "failwell.resilience._circuits",
            "CircuitCounters": "failwell.resilience._circuits",
            "CircuitOverride": "failwell.resilience._circuits",
            "CircuitState": "failwell.resilience._circuits",
            "POLICIES": "failwell.resilience._policies",
            "Policy": "failwell.resilience._policies",
            "TIMEOUT_HEADER": "failwell.resilience._headers",
            "abandoned_threads": "failwell.resilience._threads",
            "fallback": "failwell.resilience._fallback",
            "format_timeout": "failwell.resilience._headers",
            "parse_timeout": "failwell.resilience._headers",
            "rate_limit": "failwell.resilience._rate_limit",
            "timeout": "failwell.resilience._timeout",
        },
        __all__,
    )
