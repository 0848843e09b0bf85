"""The errors that an application raises on purpose.

    AppError                          INTERNAL_ERROR        500
    ├── ValidationError               VALIDATION_ERROR      400
    ├── AuthenticationError           AUTHENTICATION_ERROR  401
    │   └── InvalidTokenError         INVALID_TOKEN         401
    ├── AuthorizationError            AUTHORIZATION_ERROR   403
    ├── NotFoundError                 NOT_FOUND             404
    ├── ConflictError                 CONFLICT              409
    ├── ConstraintViolationError      CONSTRAINT_VIOLATION  422
    ├── DatabaseError                 DATABASE_ERROR        500
    └── ServiceUnavailableError       SERVICE_UNAVAILABLE   503
        ├── CircuitBreakerError       CIRCUIT_OPEN          503
        ├── BulkheadFullError         BULKHEAD_FULL         503
        ├── RateLimitedError          RATE_LIMITED          429
        └── DeadlineExceededError     DEADLINE_EXCEEDED     504
            └── CallTimeoutError      DEADLINE_EXCEEDED     504

failwell turns each into one documented answer. An application subclasses them and
catches them only where it can do better. This module imports nothing of ours but their
root and what a wait is.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cached_property
from typing import Any

from failwell._app_error import AppError, Headers
from failwell._waits import Wait, seconds_of

__all__ = [
    "BEARER_CHALLENGE",
    "AppError",
    "AuthenticationError",
    "AuthorizationError",
    "BulkheadFullError",
    "CallTimeoutError",
    "CircuitBreakerError",
    "ConflictError",
    "ConstraintViolationError",
    "DatabaseError",
    "DeadlineExceededError",
    "Headers",
    "InvalidTokenError",
    "NotFoundError",
    "RateLimitedError",
    "ServiceUnavailableError",
    "ValidationError",
    "Wait",
]

BEARER_CHALLENGE = 'Bearer realm="api"'
"""The challenge of a 401 without credentials (RFC 6750, section 3: no error code)."""


class ValidationError(AppError):
    """The input does not validate.

    Args:
        message: A sentence for the client.
        details: A field's path (`participants.3`) to a list of `{"code", "message"}`.
    """

    code = "VALIDATION_ERROR"
    status_code = 400

    def __init__(
        self,
        message: str = "Validation error",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, details=details)


class NotFoundError(AppError):
    """The thing asked for does not exist, or the caller may not know of it.

    Args:
        resource: The kind of thing, capitalised as in the API (`Meeting`).
        resource_id: What was asked for.
    """

    code = "NOT_FOUND"
    status_code = 404

    def __init__(self, resource: str, resource_id: object) -> None:
        self.resource = resource
        self.resource_id = resource_id
        super().__init__(
            f"{resource} with id {resource_id} not found",
            details={"resource": resource, "resource_id": resource_id},
        )


class AuthenticationError(AppError):
    """Nobody is signed in, or the credentials are wrong.

    Args:
        message: A sentence for the client; the same for every reason.
        challenge: The value of `WWW-Authenticate`, which a 401 must carry
            (RFC 9110, section 15.5.2).
    """

    code = "AUTHENTICATION_ERROR"
    status_code = 401

    def __init__(
        self,
        message: str = "Authentication failed",
        *,
        challenge: str = BEARER_CHALLENGE,
    ) -> None:
        super().__init__(message)
        self.challenge = challenge

    @property
    def headers(self) -> Headers:
        """The challenge."""
        return (("WWW-Authenticate", self.challenge),)


class InvalidTokenError(AuthenticationError):
    """A token was sent and is not valid.

    Args:
        reason: `expired` when that is all that is wrong with it, else None: a forger
            learns nothing more.
    """

    code = "INVALID_TOKEN"

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(
            "Invalid or expired token",
            challenge=f'{BEARER_CHALLENGE}, error="invalid_token"',
        )
        if reason is not None:
            self.details["reason"] = reason


class AuthorizationError(AppError):
    """The caller is known and may not do this.

    Args:
        message: A sentence for the client.
        required_permissions: What the caller would need, if it may know.
    """

    code = "AUTHORIZATION_ERROR"
    status_code = 403

    def __init__(
        self,
        message: str = "Insufficient permissions",
        required_permissions: Sequence[str] | None = None,
    ) -> None:
        permissions = list(required_permissions or ())
        super().__init__(message, details={"required_permissions": permissions})


class ConflictError(AppError):
    """The request contradicts what is stored: a duplicate, or a stale version."""

    code = "CONFLICT"
    status_code = 409

    def __init__(
        self,
        message: str = "The request conflicts with the current state",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, details=details)


class ConstraintViolationError(AppError):
    """The input validates, but the database refuses it: a rule that only it knows.

    Args:
        message: A sentence for the client.
        details: Facts that the client may see; never the database's own words.
    """

    code = "CONSTRAINT_VIOLATION"
    status_code = 422

    def __init__(
        self,
        message: str = "The data violates a rule of the database",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, details=details)


class DatabaseError(AppError):
    """The database refused or failed, and nothing more precise is known.

    The cause is chained for the record; the client sees this sentence only.
    """

    code = "DATABASE_ERROR"

    def __init__(self, message: str = "A database error occurred") -> None:
        super().__init__(message)


class ServiceUnavailableError(AppError):
    """Something that this service depends on is away for now.

    Args:
        message: A sentence for the client.
        retry_after: Seconds or a `timedelta` until it is worth trying again, or the
            moment (naive: UTC), when known; what is none of these counts as unknown.
        details: More facts.
    """

    code = "SERVICE_UNAVAILABLE"
    status_code = 503
    retryable = True
    record = False

    def __init__(
        self,
        message: str = "Service temporarily unavailable",
        retry_after: Wait | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        self._moment = retry_after if isinstance(retry_after, datetime) else None
        self.retry_after = seconds_of(retry_after)
        known = {} if self.retry_after is None else {"retry_after": self.retry_after}
        super().__init__(message, details={**known, **(details or {})})

    @property
    def headers(self) -> Headers:
        """`Retry-After`, when known: whole seconds, rounded up, at least 1, or a date."""
        if self._moment is not None:
            zone = self._moment.tzinfo or UTC
            moment = self._moment.replace(tzinfo=zone).astimezone(UTC)
            return (("Retry-After", format_datetime(moment, usegmt=True)),)
        if self.retry_after is None:
            return ()
        return (("Retry-After", str(max(1, math.ceil(self.retry_after)))),)


class CircuitBreakerError(ServiceUnavailableError):
    """A circuit breaker refused the call without trying it.

    Args:
        breaker: The breaker's name.
        retry_after: Seconds until it lets a call through again, when known.
        state: The state that refused: `open` or `half_open`.
    """

    code = "CIRCUIT_OPEN"

    def __init__(
        self,
        breaker: str,
        retry_after: float | None = None,
        *,
        state: str = "open",
    ) -> None:
        # No more than it takes to tell: an open circuit refuses many calls, and few
        # refusals are looked at.
        self._moment = None
        self.retry_after = seconds_of(retry_after)
        self.breaker = breaker
        self.state = state

    @cached_property
    def message(self) -> str:  # type: ignore[override] # it can be set, as any message
        """Which breaker it was, in a sentence."""
        return f"Circuit breaker {self.breaker} is {self.state.replace('_', '-')}"

    @cached_property
    def details(self) -> dict[str, Any]:  # type: ignore[override] # as above
        """The breaker, its state, and the seconds, rounded for people."""
        wait = self.retry_after
        return {
            "retry_after": None if wait is None else round(wait, 3),
            "breaker": self.breaker,
            "state": self.state,
        }


class BulkheadFullError(ServiceUnavailableError):
    """As many calls as may run at a time are running, and none ended in time.

    Args:
        bulkhead: The bulkhead's name.
    """

    code = "BULKHEAD_FULL"

    def __init__(self, bulkhead: str) -> None:
        message = f"Bulkhead {bulkhead} is full"
        super().__init__(message, details={"bulkhead": bulkhead})
        self.bulkhead = bulkhead


class RateLimitedError(ServiceUnavailableError):
    """More calls were made than a limit allows.

    Args:
        limiter: The limiter's name.
        retry_after: Seconds until a call is allowed again, when known.
    """

    code = "RATE_LIMITED"
    status_code = 429

    def __init__(self, limiter: str, retry_after: float | None = None) -> None:
        message = f"Rate limit {limiter} is used up"
        super().__init__(message, retry_after, {"limiter": limiter})
        self.limiter = limiter


class DeadlineExceededError(ServiceUnavailableError):
    """Something that this service depends on did not answer in the time allowed.

    Args: as for `ServiceUnavailableError`.
    """

    code = "DEADLINE_EXCEEDED"
    status_code = 504

    def __init__(
        self,
        message: str = "The deadline was exceeded",
        retry_after: Wait | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, retry_after, details)


class CallTimeoutError(DeadlineExceededError, TimeoutError):
    """One call took longer than it may; a `TimeoutError` as well.

    Args:
        timeout: The seconds it had.
        abandoned: Whether it still runs in its thread: what it does may yet happen.
    """

    def __init__(self, timeout: float, *, abandoned: bool = False) -> None:
        message = f"No answer within {timeout:g} s"
        super().__init__(message, details={"timeout": timeout})
        self.abandoned = abandoned
