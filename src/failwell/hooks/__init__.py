"""Errors that come from elsewhere than a request: threads, commands, log lines, the end.

Owns the places where Python, click and logging let such an error be seen, and the calls
by which an application reports one itself. Refuses to replace what others have put there,
to hold an application, and to decide how an error is recorded.
"""

from failwell.hooks._applications import Catcher, Circumstances
from failwell.hooks._commands import watch_commands
from failwell.hooks._given import capture, message
from failwell.hooks._log_lines import leave_out
from failwell.hooks._report import report
from failwell.hooks._watch import unwatch, watch

__all__ = [
    "Catcher",
    "Circumstances",
    "capture",
    "leave_out",
    "message",
    "report",
    "unwatch",
    "watch",
    "watch_commands",
]
