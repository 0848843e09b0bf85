"""Users, passwords, tokens and roles.

Owns who somebody is and what they may do. Knows no HTTP: it takes a session and
texts, and raises failwell's errors.
"""

from meetings.accounts._first_admin import (
    Credentials,
    make_first_admin,
    read_first_admin,
)
from meetings.accounts._passwords import Passwords
from meetings.accounts._roles import Caller, Permission
from meetings.accounts._tokens import TokenKind, TokenPair, Tokens
from meetings.accounts._users import authenticate, recognise, register

__all__ = [
    "Caller",
    "Credentials",
    "Passwords",
    "Permission",
    "TokenKind",
    "TokenPair",
    "Tokens",
    "authenticate",
    "make_first_admin",
    "read_first_admin",
    "recognise",
    "register",
]
