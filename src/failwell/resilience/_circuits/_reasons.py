"""What is said of a change of a circuit, in words that continue "circuit breaker NAME is …"."""

from failwell.resilience._circuits._states import CircuitOverride
from failwell.resilience._lines import printable


def held(override: CircuitOverride | None) -> str:
    """Say what a circuit is held to by hand; None: to nothing any more."""
    return _HELD[override]


def opened(why: str, last: str, wait_s: float) -> str:
    """Say why a circuit is open, what the last failure was, and until when."""
    return (
        f"{why}, the last one {printable(last)}; calls are refused, the next probe is in "
        f"{wait_s:g} s"
    )


def half_open(calls: int) -> str:
    """Say how many calls probe."""
    through = "one call is" if calls == 1 else f"{calls} calls are"
    return f"half-open: {through} let through to probe"


def closed(refused: int) -> str:
    """Say what the open circuit has kept away."""
    return f"closed; {refused} calls were refused meanwhile"


_HELD = {
    CircuitOverride.OPEN: "held open by hand; calls are refused",
    CircuitOverride.CLOSED: "held closed by hand; nothing opens it",
    CircuitOverride.DISABLED: "disabled by hand; calls go through uncounted",
    None: "closed by hand",
}
