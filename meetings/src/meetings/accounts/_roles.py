"""Who may do what."""

from dataclasses import dataclass
from enum import StrEnum

from failwell import AuthorizationError
from meetings.storage import Role


class Permission(StrEnum):
    """What a role can allow."""

    WRITE_ROOMS = "rooms:write"


_ALLOWED: dict[Role, frozenset[Permission]] = {
    Role.ADMIN: frozenset(Permission),
    Role.MANAGER: frozenset({Permission.WRITE_ROOMS}),
    Role.MEMBER: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends this request; no database object, so that it outlives the session's."""

    id: int
    role: Role

    def require(self, permission: Permission) -> None:
        """Return when the caller's role allows it.

        Raises:
            AuthorizationError: It does not; names the permission.
        """
        if permission not in _ALLOWED[self.role]:
            raise AuthorizationError(required_permissions=[permission.value])
