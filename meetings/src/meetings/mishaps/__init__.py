"""Routes that fail on purpose: they exist in demo mode, for this machine alone.

Owns nothing that a real installation needs; without `MEETINGS_DEMO` there is no route
of it.
"""

from meetings.mishaps._routes import demo

__all__ = ["demo"]
