"""How long to wait, in whatever form an error was given it.

Owns that a wait which cannot be understood is no wait, and no error either. Imports
nothing of ours.
"""

import math
from datetime import datetime, timedelta

Wait = float | timedelta | datetime


def seconds_of(wait: Wait | None) -> float | None:
    """Return the seconds of a wait, None for a moment and for what is no wait."""
    seconds = wait.total_seconds() if isinstance(wait, timedelta) else wait
    try:
        return seconds if math.isfinite(seconds) else None  # type: ignore[arg-type, return-value]
    except (TypeError, OverflowError):
        # A moment, or what a configuration file had: no reason to fail at failing.
        return None
