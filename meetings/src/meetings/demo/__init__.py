"""Demo mode: routes that fail on purpose, and the client that calls them.

Owns nothing that a real installation needs; without `MEETINGS_DEMO` there is no route
of it.
"""

from meetings.demo._routes import demo

__all__ = ["demo"]
