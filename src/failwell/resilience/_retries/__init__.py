"""Calling again: the retry, its block form, and the budget that bounds both."""

from failwell.resilience._retries._block import Attempt, Retrying
from failwell.resilience._retries._budget import BUDGETS, RetryBudget
from failwell.resilience._retries._details import RetryDetails
from failwell.resilience._retries._plan import Attempts, RetryPlan
from failwell.resilience._retries._retry import Retry, retry, retrying
from failwell.resilience._retries._wrappers import sleep_async

__all__ = [
    "BUDGETS",
    "Attempt",
    "Attempts",
    "Retry",
    "RetryBudget",
    "RetryDetails",
    "RetryPlan",
    "Retrying",
    "retry",
    "retrying",
    "sleep_async",
]
