"""A call to another service as a breadcrumb: what is told of it.

Owns that neither query nor credentials are told: of an address method, host and path.
"""

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.records import add_breadcrumb

_FAILED = 400


class Call:
    """One call, from now until `end`.

    Args:
        method: Its HTTP method.
        host: Whom it goes to, without credentials.
        path: Without the query.
        clock: Measures how long it takes.
    """

    def __init__(
        self, method: str, host: str, path: str, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._what = f"{method} {host}{path}"
        self._clock = clock
        self._begun = clock.monotonic()

    def answered(self, status: int) -> None:
        """Tell what it was answered with."""
        self._tell("warning" if status >= _FAILED else "", status=status)

    def failed(self, error: BaseException) -> None:
        """Tell that there was no answer."""
        self._tell("error", error=type(error).__name__)

    def _tell(self, level: str, **outcome: object) -> None:
        took_ms = round((self._clock.monotonic() - self._begun) * 1000)
        add_breadcrumb(self._what, "call", level=level, **outcome, ms=took_ms)
