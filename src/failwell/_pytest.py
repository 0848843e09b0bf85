"""The fixtures that pytest finds by itself where failwell is installed.

Owns nothing but their names: `failwell.testing` has what they give, and is loaded by the
first test that asks for one.
"""

from __future__ import annotations

import typing

import pytest

if typing.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from failwell.testing import Faults, ManualClock


@pytest.fixture
def manual_clock() -> ManualClock:
    """Time that stands still: give it to what takes a `clock`."""
    from failwell.testing import ManualClock  # noqa: PLC0415 - see above

    return ManualClock()


@pytest.fixture
def resilience_off() -> Iterator[None]:
    """Nothing is retried, no circuit opens, nothing stands in."""
    from failwell import testing  # noqa: PLC0415 - see above

    with testing.resilience_off():
        yield


@pytest.fixture
def no_waiting() -> Iterator[None]:
    """Retries do not wait."""
    from failwell import testing  # noqa: PLC0415 - see above

    with testing.no_waiting():
        yield


@pytest.fixture
def hold_circuit() -> Iterator[Callable[[str, str], None]]:
    """Hold a circuit by name, `hold_circuit("calendar", "open")`, until the test ends."""
    import contextlib  # noqa: PLC0415 - see above

    from failwell import testing  # noqa: PLC0415 - see above

    with contextlib.ExitStack() as held:
        yield lambda name, state: held.enter_context(testing.circuit_held(name, state))


@pytest.fixture
def faults() -> Iterator[Faults]:
    """Faults by the name of a policy: `faults.fail("calendar", ConnectionError)`."""
    from failwell.testing import Faults  # noqa: PLC0415 - see above

    with Faults() as injected:
        yield injected
