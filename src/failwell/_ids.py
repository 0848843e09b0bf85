"""Numbers for ids: each process has its own sequence, which no other repeats.

Owns what makes them differ. They are no secrets: whoever has seen hundreds could work out
the next.
"""

import os
from random import Random


class Ids:
    """Random numbers from a generator that every process seeds anew.

    Asking the system each time would cost the request ten times as much.
    """

    def __init__(self) -> None:
        self._seeded_in = 0

    def bits(self, number: int) -> int:
        """Return a number of so many random bits."""
        # Not every fork is Python's, and those run no hooks.
        if self._seeded_in != os.getpid():
            self._random = Random(os.urandom(32))  # noqa: S311 - see the module
            self._seeded_in = os.getpid()
        return self._random.getrandbits(number)


IDS = Ids()
"""Those of this process."""
