"""Passwords: hashed with argon2, compared in the same time for everybody."""

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import CHEAPEST


class Passwords:
    """Hash and check passwords.

    Args:
        cheap: Use the least cost that argon2 has: for tests alone.
    """

    def __init__(self, *, cheap: bool = False) -> None:
        # OWASP's smallest recommendation: 16 threads signing in at once take 300 MiB,
        # where argon2-cffi's default would take 1 GiB.
        self._hasher = (
            PasswordHasher.from_parameters(CHEAPEST)
            if cheap
            else PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        )
        self._nobody = self._hasher.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """Return the hash of `password`, with its salt and parameters."""
        return self._hasher.hash(password)

    def matches(self, password_hash: str | None, password: str) -> bool:
        """Return whether the password fits; None, an unknown user, takes as long."""
        try:
            self._hasher.verify(password_hash or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return password_hash is not None
