"""Every error code with what it means and what to do about it.

Owns the texts that answers, documents and the console quote. Renders nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from failwell.exceptions import (
    AppError,
    BulkheadFullError,
    CircuitBreakerError,
    DeadlineExceededError,
    ServiceUnavailableError,
    ValidationError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogEntry:
    """What is known about one error code.

    Args:
        code: The code, in capitals.
        title: A few words that never vary (RFC 9457, section 3.1.3).
        status: The HTTP status it is usually answered with.
        meaning: One sentence: what happened.
        remedy: One sentence: what the client can do.
        retryable: Whether the same request may succeed later.
        example: `details` as an occurrence could carry them.
        error: The class that answers with it, where it has a body of its own or is
            not recorded as usual: examples in documents are made through it. None is
            a plain `AppError`.
    """

    code: str
    title: str
    status: int
    meaning: str
    remedy: str
    retryable: bool = False
    example: Mapping[str, Any] = field(default_factory=dict)
    error: type[AppError] | None = None

    @property
    def advice(self) -> str:
        """Whether to send the same request again, in a sentence for people."""
        if self.retryable:
            return "Yes: the same request may succeed later."
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return "No: the fault is in the service, and has to be mended first."
        return "No: the same request will be refused again; change it first."

    def facts(self) -> dict[str, Any]:
        """Return what programs may read of it, as JSON types."""
        return {
            "code": self.code,
            "title": self.title,
            "status": self.status,
            "meaning": self.meaning,
            "remedy": self.remedy,
            "retryable": self.retryable,
            "example": dict(self.example),
        }


class Catalog:
    """The entries by code; an application adds its own at start.

    A code that nobody described, such as that of a bare `HTTPException`, gets an
    entry made from the status phrase.
    """

    def __init__(self, entries: tuple[CatalogEntry, ...] = ()) -> None:
        self._entries = {entry.code: entry for entry in entries}

    def add(self, *entries: CatalogEntry) -> None:
        """Add entries; one with a known code replaces it."""
        self._entries.update((entry.code, entry) for entry in entries)

    def get(self, code: str) -> CatalogEntry | None:
        """Return the entry of `code`, or None."""
        return self._entries.get(code)

    def title(self, code: str, status: int) -> str:
        """Return the title of `code`, or else the phrase of `status`."""
        entry = self._entries.get(code)
        return entry.title if entry else status_phrase(status)

    def __iter__(self) -> Iterator[CatalogEntry]:
        return iter(sorted(self._entries.values(), key=lambda e: (e.status, e.code)))

    def __len__(self) -> int:
        return len(self._entries)


# Python 3.13 renamed these; a code must not change with the interpreter.
_PINNED_PHRASES = {
    413: "Request Entity Too Large",
    414: "Request URI Too Long",
    416: "Requested Range Not Satisfiable",
    422: "Unprocessable Entity",
}


def status_phrase(status: int) -> str:
    """Return the phrase of an HTTP status, `Error` when it has none."""
    try:
        return _PINNED_PHRASES.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def status_code_name(status: int) -> str:
    """Return a status phrase as a code: 405 gives `METHOD_NOT_ALLOWED`."""
    phrase = status_phrase(status)
    return "".join(c if c.isalnum() else "_" for c in phrase).upper().replace("__", "_")


BUILT_IN = (
    CatalogEntry(
        code="VALIDATION_ERROR",
        title="Validation error",
        status=400,
        meaning="The request was understood, but some of its fields are not valid.",
        remedy="Correct the fields named in the details and send it again.",
        example={"title": [{"code": "missing", "message": "Field required"}]},
        error=ValidationError,
    ),
    CatalogEntry(
        code="BAD_REQUEST",
        title="Bad request",
        status=400,
        meaning="The request could not be read, for example because of broken JSON.",
        remedy="Correct the syntax of the request.",
    ),
    CatalogEntry(
        code="AUTHENTICATION_ERROR",
        title="Authentication failed",
        status=401,
        meaning="The request carries no credentials, or wrong ones.",
        remedy="Sign in and send the token as `Authorization: Bearer …`.",
    ),
    CatalogEntry(
        code="INVALID_TOKEN",
        title="Invalid or expired token",
        status=401,
        meaning="The token that was sent is not valid, or not any more.",
        remedy="Refresh the token when it has expired, else sign in again.",
        example={"reason": "expired"},
    ),
    CatalogEntry(
        code="AUTHORIZATION_ERROR",
        title="Insufficient permissions",
        status=403,
        meaning="The caller is known and may not do this.",
        remedy="Ask for the permissions named in the details.",
        example={"required_permissions": ["rooms:write"]},
    ),
    CatalogEntry(
        code="NOT_FOUND",
        title="Not found",
        status=404,
        meaning="There is no such thing, or the caller may not see it.",
        remedy="Check the address and the id.",
        example={"resource": "Meeting", "resource_id": 42},
    ),
    CatalogEntry(
        code="METHOD_NOT_ALLOWED",
        title="Method not allowed",
        status=405,
        meaning="This address exists, but not for this method.",
        remedy="Use one of the methods in the `Allow` header.",
    ),
    CatalogEntry(
        code="CONFLICT",
        title="Conflict",
        status=409,
        meaning="The request contradicts what is stored: a duplicate, or a stale version.",
        remedy="Read the current state and decide again.",
    ),
    CatalogEntry(
        code="RATE_LIMITED",
        title="Rate limited",
        status=429,
        meaning="The caller sends more requests than it may.",
        remedy="Try again after the seconds in `Retry-After`.",
        retryable=True,
        example={"retry_after": 30},
    ),
    CatalogEntry(
        code="CONSTRAINT_VIOLATION",
        title="Constraint violation",
        status=422,
        meaning="The input is well-formed, but the data would break a rule that the database keeps.",
        remedy="Check that what the request refers to exists and that its values are in range.",
    ),
    CatalogEntry(
        code="CIRCUIT_OPEN",
        title="Circuit open",
        status=503,
        meaning="A dependency failed repeatedly and is being given a rest.",
        remedy="Try again after the seconds in `Retry-After`.",
        retryable=True,
        example={"breaker": "calendar", "state": "open", "retry_after": 42},
        error=CircuitBreakerError,
    ),
    CatalogEntry(
        code="BULKHEAD_FULL",
        title="Bulkhead full",
        status=503,
        meaning="As many calls of a kind as may run at a time are running.",
        remedy="Try again in a moment.",
        retryable=True,
        example={"bulkhead": "reports"},
        error=BulkheadFullError,
    ),
    CatalogEntry(
        code="SERVICE_UNAVAILABLE",
        title="Service unavailable",
        status=503,
        meaning="Something that this service depends on is away for now.",
        remedy="Try again later; `Retry-After` says when, if it is known.",
        retryable=True,
        example={"retry_after": 5},
        error=ServiceUnavailableError,
    ),
    CatalogEntry(
        code="DEADLINE_EXCEEDED",
        title="Deadline exceeded",
        status=504,
        meaning="Something that this service depends on did not answer in the time allowed.",
        remedy="Try again later, or ask for less at a time.",
        retryable=True,
        error=DeadlineExceededError,
    ),
    CatalogEntry(
        code="DATABASE_ERROR",
        title="Database error",
        status=500,
        meaning="The database failed. The error is recorded under the id in the answer.",
        remedy="Report the id if it persists.",
    ),
    CatalogEntry(
        code="INTERNAL_ERROR",
        title="Internal server error",
        status=500,
        meaning="The service has a fault. It is recorded under the id in the answer.",
        remedy="Report the id; sending the same request again will not help.",
    ),
)

CATALOG = Catalog(BUILT_IN)
"""The catalogue of this process."""
