"""What must exist before things can fail: people, rooms, meetings, tokens.

Every run makes its own, under names that no other run has, so that it can be repeated.
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from meetings.accounts import Credentials
from meetings.demo._shots import Shooter, Shot

_PASSWORD_BYTES = 12
_FIRST_DAY = datetime(2030, 1, 1, 8, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Person:
    """A user of this run."""

    id: int
    email: str
    password: str
    token: str
    refresh_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that this run has made."""

    admin_token: str
    organizer: Person
    guest: Person
    stranger: Person
    room_id: int
    small_room_id: int
    private_meeting: dict[str, Any]
    full_meeting: dict[str, Any]
    expired_token: str


def slot(number: int) -> dict[str, str]:
    """Return the times of the `number`-th hour that nothing else uses."""
    start = _FIRST_DAY + timedelta(hours=number)
    end = start + timedelta(hours=1)
    return {"start_time": start.isoformat(), "end_time": end.isoformat()}


def set_stage(shooter: Shooter, admin: Credentials) -> Stage:
    """Make people, rooms and meetings.

    Raises:
        DemoError: The server is away, or refuses.
    """
    run = secrets.token_hex(3)
    admin_token = _sign_in(shooter, admin.email, admin.password)["access_token"]
    organizer, guest, stranger = (
        _person(shooter, name, run) for name in ("olga", "gustav", "stella")
    )
    rooms = [
        _made(shooter, "rooms", admin_token, {"name": name, "capacity": capacity})["id"]
        for name, capacity in ((f"Hall {run}", 40), (f"Booth {run}", 2))
    ]
    private = {"title": "Salaries", "room_id": rooms[0], **slot(0)}
    public = {
        "title": "Lightning talks",
        **slot(1),
        "max_capacity": 1,
        "participants": [guest.id],
    }
    expired = Shot(
        title="stage",
        method="POST",
        path="/demo/expired-token",
        expect=frozenset(),
        token=organizer.token,
    )
    return Stage(
        admin_token=admin_token,
        organizer=organizer,
        guest=guest,
        stranger=stranger,
        room_id=rooms[0],
        small_room_id=rooms[1],
        private_meeting=_made(shooter, "meetings", organizer.token, private),
        full_meeting=_made(shooter, "meetings", organizer.token, public),
        expired_token=shooter.must(expired)["access_token"],
    )


def _person(shooter: Shooter, name: str, run: str) -> Person:
    email, password = (
        f"{name}-{run}@example.com",
        secrets.token_urlsafe(_PASSWORD_BYTES),
    )
    body = {"email": email, "name": name.title(), "password": password}
    user = _made(shooter, "users", None, body)
    tokens = _sign_in(shooter, email, password)
    return Person(
        user["id"], email, password, tokens["access_token"], tokens["refresh_token"]
    )


def _sign_in(shooter: Shooter, email: str, password: str) -> Any:  # noqa: ANN401 - JSON
    return _made(shooter, "auth/token", None, {"email": email, "password": password})


def _made(
    shooter: Shooter, resource: str, token: str | None, body: dict[str, Any]
) -> Any:  # noqa: ANN401 - JSON
    return shooter.must(
        Shot(
            title="stage",
            method="POST",
            path=f"/api/v1/{resource}",
            expect=frozenset(),
            token=token,
            json=body,
        )
    )
