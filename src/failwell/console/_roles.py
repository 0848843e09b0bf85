"""Who visits the console, and how much they may do there."""

from dataclasses import dataclass
from enum import IntEnum


class Role(IntEnum):
    """What a visitor may do; each may do what those before may."""

    VIEWER = 1
    """Read everything but the rules of alerts and the audit log."""
    OPERATOR = 2
    """Change what becomes of groups: resolve, mute, assign, comment, merge."""
    ADMIN = 3
    """Delete groups, change the rules of alerts, and read the audit log."""

    @property
    def word(self) -> str:
        """Its name in settings, answers and on pages."""
        return self.name.lower()


ROLES = {role.word: role for role in Role}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Somebody who may enter, as far as the present request says."""

    name: str
    """Who did it, in histories and in the audit log."""
    role: Role
    proof: str
    """What the tokens of this visitor's forms are made for."""
    has_session: bool = False
    """Whether there is something to sign out of."""
    is_program: bool = False
    """Whether the request bears a key, as no page of another site can make it do."""
