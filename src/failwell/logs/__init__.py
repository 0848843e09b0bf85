"""Structured logging: the set-up, the lines of errors, and their safe form.

Refuses to decide what an error is, and to write on the thread of a request.
"""

from failwell.logs._escape import escape, escape_json
from failwell.logs._reporter import ErrorReporter
from failwell.logs._setup import setup_logging

__all__ = ["ErrorReporter", "escape", "escape_json", "setup_logging"]
