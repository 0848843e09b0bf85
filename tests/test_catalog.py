"""The catalogue: every code described, and more of them added by applications."""

import pytest

from failwell.catalog import BUILT_IN, CATALOG, Catalog, CatalogEntry, status_code_name
from failwell.exceptions import (
    AppError,
    AuthenticationError,
    AuthorizationError,
    CircuitBreakerError,
    ConflictError,
    DatabaseError,
    InvalidTokenError,
    NotFoundError,
    ServiceUnavailableError,
    ValidationError,
)


@pytest.mark.parametrize(
    "error",
    [
        AppError("Broken"),
        AuthenticationError(),
        AuthorizationError(),
        CircuitBreakerError("calendar"),
        ConflictError(),
        DatabaseError(),
        InvalidTokenError(),
        NotFoundError("Room", 1),
        ServiceUnavailableError(),
        ValidationError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_error_of_ours_is_described(error: AppError) -> None:
    """The entry agrees with the class about status and retrying."""
    entry = CATALOG.get(error.code)

    assert entry is not None
    assert entry.status == error.status_code
    assert entry.retryable == error.retryable


def test_entry_of_an_application_replaces_ours() -> None:
    """An application may describe a code in its own words."""
    catalog = Catalog(BUILT_IN)
    own = CatalogEntry(
        code="NOT_FOUND", title="Gone fishing", status=404, meaning="-", remedy="-"
    )

    catalog.add(own)

    assert catalog.get("NOT_FOUND") is own
    assert len(catalog) == len(BUILT_IN)


def test_title_of_an_undescribed_code_is_the_phrase_of_its_status() -> None:
    """A code that nobody described still has a title."""
    assert CATALOG.title("TEAPOT_BROKEN", 418) == "I'm a Teapot"
    assert CATALOG.title("WHATEVER", 599) == "Error"


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (405, "METHOD_NOT_ALLOWED"),
        (413, "REQUEST_ENTITY_TOO_LARGE"),
        (414, "REQUEST_URI_TOO_LONG"),
        (422, "UNPROCESSABLE_ENTITY"),
        (418, "I_M_A_TEAPOT"),
        (429, "TOO_MANY_REQUESTS"),
        (599, "ERROR"),
    ],
)
def test_code_of_a_bare_status_is_its_phrase(status: int, name: str) -> None:
    """The phrase in capitals, with underscores."""
    assert status_code_name(status) == name


def test_entries_come_in_the_order_of_their_status() -> None:
    """A list of the catalogue reads from the client's faults to ours."""
    statuses = [entry.status for entry in CATALOG]

    assert statuses == sorted(statuses)
