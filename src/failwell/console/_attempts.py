"""How often somebody may try a wrong key, by where the attempts come from.

Owns the counting, in the memory of one process: guessing is slow enough with any number
of processes, and a store that is away keeps nobody out.
"""

import ipaddress
import threading
from math import ceil

from failwell._clock import Clock

MOST_WRONG = 10
WINDOW_S = 60.0
_MOST_PLACES = 4096
_IPV6_NETWORK = 64


class Attempts:
    """Count wrong keys: ten in a minute from one place, then none is looked at.

    Args:
        clock: Measures the minute.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._wrong: dict[str, tuple[float, int]] = {}
        """Since when, and how many; the places that began first come first."""

    def wait_s(self, address: str) -> int:
        """Return for how many seconds nothing from there is looked at; 0 is for none."""
        with self._lock:
            since, wrong = self._wrong.get(_place(address), (0.0, 0))
        left = since + WINDOW_S - self._clock.monotonic()
        return ceil(left) if wrong >= MOST_WRONG and left > 0 else 0

    def add(self, address: str) -> None:
        """Count a wrong key from there."""
        place, now = _place(address), self._clock.monotonic()
        with self._lock:
            since, wrong = self._wrong.pop(place, (now, 0))
            if now - since >= WINDOW_S:
                since, wrong = now, 0
            while len(self._wrong) >= _MOST_PLACES:
                del self._wrong[next(iter(self._wrong))]
            self._wrong[place] = since, wrong + 1


def _place(address: str) -> str:
    """Return the address, of IPv6 the network: one machine has all of its addresses."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))
