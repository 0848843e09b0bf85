"""The demo: a client that makes a running server answer in every way.

Owns `run_demo`. It is a client like any other: it speaks HTTP, and needs the server of
this folder only for its first administrator and the console's key.
"""

from meetings.demo._run import run_demo
from meetings.demo._shots import DemoError

__all__ = ["DemoError", "run_demo"]
