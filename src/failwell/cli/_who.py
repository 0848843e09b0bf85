"""Who gives an order on a command line, where nobody says so."""

import getpass
import os
import socket


def who() -> str:
    """Return the present user, and the machine."""
    return f"{login_name()}@{socket.gethostname()}"


def login_name() -> str:
    """Return the present user."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        # A container may run as a number that has no name.
        return f"user {os.getuid()}" if hasattr(os, "getuid") else "somebody"
