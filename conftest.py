"""Loaded before any test: the installed `meetings`, a clean request id, databases.

pytest names the modules under `meetings/tests` after their path. Without the import it
would take the folder at the root for the package.
"""

from collections.abc import Iterator

import pytest

import meetings as meetings  # noqa: PLC0414 - imported to be there
from failwell import _request_id

pytest_plugins = [
    "databases",
    "receivers",
    "redis_server",
]  # of tests/support: any test may ask for one


@pytest.fixture(autouse=True)
def no_request() -> Iterator[None]:
    """Leave the request of a test client whose answer was never closed."""
    token = _request_id._current.set(None)
    yield
    _request_id._current.reset(token)
