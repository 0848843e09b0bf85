"""The script of the demo: which requests are sent, and what each must get."""

import random
from collections.abc import Iterator
from functools import partial
from itertools import cycle
from typing import Any

from meetings.demo._shots import Shot
from meetings.demo._stage import Stage, slot

_UNKNOWN_ID = 999_999_999
_BODY_TOO_LARGE = 80_000
_CRASHES = {
    "missing-key": 14,
    "division": 9,
    "nobody": 6,
    "cause-chain": 5,
    "database": 7,
    "secret": 4,
    "several": 3,
    "known-fault": 5,
}


def write_script(stage: Stage) -> list[Shot]:
    """Return all requests, mixed, the same way in every run."""
    script = [
        *_what_works(stage),
        *_what_is_taken(stage),
        *_what_is_invalid(stage),
        *_who_may_not(stage),
        *_what_is_not_ones_own(stage),
        *_what_is_not_there(stage),
        *_what_http_refuses(stage),
        *_what_breaks(stage),
    ]
    random.Random(7).shuffle(script)  # noqa: S311 - an order, not a secret
    return script


def _shot(title: str, method: str, path: str, *expect: str, **more: Any) -> Shot:  # noqa: ANN401 - the fields of Shot
    address = path if path.startswith("/demo") else f"/api/v1{path}"
    return Shot(
        title=title, method=method, path=address, expect=frozenset(expect), **more
    )


def _what_works(stage: Stage) -> Iterator[Shot]:
    me = partial(_shot, token=stage.organizer.token)
    for number in range(10, 45):
        body = {"title": f"Review {number}", "room_id": stage.room_id, **slot(number)}
        yield me("book a meeting", "POST", "/meetings", "201", json=body)
    for _ in range(20):
        yield me("list the meetings", "GET", "/meetings?limit=20", "200")
        yield me("read a meeting", "GET", _private(stage), "200")
    for _ in range(8):
        yield me("who am I", "GET", "/users/me", "200")
        yield _shot("sign in", "POST", "/auth/token", "200", json=_sign_in(stage))


def _what_is_taken(stage: Stage) -> Iterator[Shot]:
    booked = {"title": "Me too", "room_id": stage.room_id, **slot(0)}
    crowd = [stage.organizer.id, stage.guest.id, stage.stranger.id]
    guest = partial(_shot, token=stage.guest.token)
    for number in range(18):
        yield guest(
            "book a taken room", "POST", "/meetings", "MEETING_CONFLICT", json=booked
        )
        yield _shot(
            "join a full meeting",
            "POST",
            f"/meetings/{stage.full_meeting['id']}/participants",
            "MEETING_CAPACITY_ERROR",
            token=stage.stranger.token,
            json={},
        )
        body = {
            "title": "All of us",
            "room_id": stage.small_room_id,
            "participants": [*crowd, 1],
            **slot(100 + number),
        }
        if number % 2:
            yield guest(
                "too many for the room",
                "POST",
                "/meetings",
                "MEETING_CAPACITY_ERROR",
                json=body,
            )
    again = {"email": stage.guest.email, "name": "Twice", "password": "a-long-password"}
    for _ in range(5):
        yield _shot("register twice", "POST", "/users", "CONFLICT", json=again)


def _what_is_invalid(stage: Stage) -> Iterator[Shot]:
    me = partial(_shot, token=stage.organizer.token)
    times = slot(200)
    bodies = {
        "a meeting without fields": {},
        "a meeting that ends first": {
            "title": "Backwards",
            "start_time": times["end_time"],
            "end_time": times["start_time"],
        },
        "a time without offset": {
            "title": "Where?",
            **times,
            "start_time": "2030-05-01T09:00:00",
        },
        "a field of the wrong type": {"title": 7, **times},
        "a field that does not exist": {"title": "Mine", "organizer_id": 1, **times},
    }
    for title, body in bodies.items():
        for _ in range(6):
            yield me(title, "POST", "/meetings", "MEETING_VALIDATION_ERROR", json=body)
    broken = {
        "content": b'{"title": "half',
        "headers": {"Content-Type": "application/json"},
    }
    for _ in range(8):
        yield me(
            "broken JSON", "POST", "/meetings", "MEETING_VALIDATION_ERROR", **broken
        )
        yield _shot(
            "a user without fields", "POST", "/users", "VALIDATION_ERROR", json={}
        )


def _who_may_not(stage: Stage) -> Iterator[Shot]:
    def ask(title: str, code: str, token: str | None = None) -> Shot:
        return _shot(title, "GET", "/meetings", code, token=token)

    forged = stage.organizer.token[:-6] + "AAAAAA"
    refresh = stage.organizer.refresh_token
    wrong = {**_sign_in(stage), "password": "not the password"}
    for _ in range(8):
        yield ask("no token", "AUTHENTICATION_ERROR")
        yield ask("an expired token", "INVALID_TOKEN", token=stage.expired_token)
        yield ask("a forged token", "INVALID_TOKEN", token=forged)
    for _ in range(5):
        yield ask("a refresh token as access", "INVALID_TOKEN", token=refresh)
        yield _shot(
            "a wrong password",
            "POST",
            "/auth/token",
            "AUTHENTICATION_ERROR",
            json=wrong,
        )


def _what_is_not_ones_own(stage: Stage) -> Iterator[Shot]:
    guest = partial(_shot, token=stage.guest.token)
    room = {"name": "My own", "capacity": 3}
    public = f"/meetings/{stage.full_meeting['id']}"
    for _ in range(5):
        yield guest(
            "a room made by a member",
            "POST",
            "/rooms",
            "AUTHORIZATION_ERROR",
            json=room,
        )
        yield guest(
            "change another's meeting",
            "PATCH",
            public,
            "AUTHORIZATION_ERROR",
            json={"title": "Mine"},
        )


def _what_is_not_there(stage: Stage) -> Iterator[Shot]:
    stranger = partial(_shot, token=stage.stranger.token)
    lost = {"title": "Nowhere", "room_id": _UNKNOWN_ID, **slot(300)}
    for _ in range(8):
        yield stranger(
            "an unknown meeting", "GET", f"/meetings/{_UNKNOWN_ID}", "NOT_FOUND"
        )
        yield stranger("a foreign meeting", "GET", _private(stage), "NOT_FOUND")
        yield stranger("an unknown address", "GET", "/buildings", "NOT_FOUND")
        yield stranger("an unknown room", "POST", "/meetings", "NOT_FOUND", json=lost)


def _what_http_refuses(stage: Stage) -> Iterator[Shot]:
    me = partial(_shot, token=stage.organizer.token)
    text_type = {"Content-Type": "text/plain"}
    # The server may hang up on a body that it will not read: no later request must
    # be on that connection.
    large_type = {"Content-Type": "application/json", "Connection": "close"}
    stale = {"If-Match": f'"{stage.private_meeting["id"]}-999"'}
    large = b" " * _BODY_TOO_LARGE
    for _ in range(5):
        yield me("a wrong method", "PUT", "/meetings", "METHOD_NOT_ALLOWED")
        yield me(
            "a wrong media type",
            "POST",
            "/meetings",
            "UNSUPPORTED_MEDIA_TYPE",
            content=b"hi",
            headers=text_type,
        )
        yield me(
            "a stale version",
            "PATCH",
            _private(stage),
            "PRECONDITION_FAILED",
            json={"title": "Late"},
            headers=stale,
        )
    for _ in range(3):
        yield me(
            "too large a body",
            "POST",
            "/meetings",
            "REQUEST_ENTITY_TOO_LARGE",
            "CONTENT_TOO_LARGE",
            content=large,
            headers=large_type,
        )


def _what_breaks(stage: Stage) -> Iterator[Shot]:
    met_by = cycle((stage.organizer.token, stage.guest.token, stage.stranger.token))
    for kind, times in _CRASHES.items():
        code = {"database": "DATABASE_ERROR", "known-fault": "REPORT_FAILED"}.get(
            kind, "INTERNAL_ERROR"
        )
        for _ in range(times):
            address = f"/demo/crash/{kind}?page=7&api_key=sk_demo_0123456789abcdef"
            yield _shot(f"crash: {kind}", "GET", address, code, token=next(met_by))
    for _ in range(16):
        yield _shot(
            "an outside service that is away",
            "POST",
            "/demo/outage",
            "SERVICE_UNAVAILABLE",
            "CIRCUIT_OPEN",
        )


def _private(stage: Stage) -> str:
    return f"/meetings/{stage.private_meeting['id']}"


def _sign_in(stage: Stage) -> dict[str, str]:
    return {"email": stage.organizer.email, "password": stage.organizer.password}
