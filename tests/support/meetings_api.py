"""The meetings backend, called as its clients call it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from meetings.accounts import make_first_admin, read_first_admin
from meetings.storage import writing
from meetings.web import services


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    id: int
    email: str
    password: str
    token: str


class Api:
    """The application, called as its clients call it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._people = 0

    def call(
        self,
        method: str,
        path: str,
        person: Person | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,  # noqa: ANN401 - what Werkzeug's client takes
    ) -> TestResponse:
        """Send one request; `path` is below `/api/v1` unless it begins with `//`."""
        sent = dict(headers or {})
        if person is not None:
            sent["Authorization"] = f"Bearer {person.token}"
        address = path[1:] if path.startswith("//") else f"/api/v1{path}"
        client = self.app.test_client()
        return client.open(address, method=method, headers=sent, **more)

    def sign_in(self, email: str, password: str) -> dict[str, Any]:
        """Return the answer to a request for tokens."""
        body = {"email": email, "password": password}
        return dict(self.call("POST", "/auth/token", json=body).get_json())

    def person(self, name: str = "Ada") -> Person:
        """Register somebody and sign in."""
        self._people += 1
        email, password = f"{name.lower()}{self._people}@example.com", "a-long-password"
        body = {"email": email, "name": name, "password": password}
        user = self.call("POST", "/users", json=body).get_json()
        token = self.sign_in(email, password)["access_token"]
        return Person(user["id"], email, password, token)

    def admin(self) -> Person:
        """Sign the first administrator in; make it when there is none."""
        folder = Path(self.app.instance_path)
        with self.app.app_context(), writing() as session:
            make_first_admin(session, services().passwords, folder)
        kept = read_first_admin(folder)
        token = self.sign_in(kept.email, kept.password)["access_token"]
        return Person(0, kept.email, kept.password, token)

    def room(self, capacity: int = 10, name: str = "Hall") -> int:
        """Make a room and return its id."""
        body = {"name": name, "capacity": capacity}
        return int(
            self.call("POST", "/rooms", self.admin(), json=body).get_json()["id"]
        )

    def book(self, person: Person, **fields: object) -> TestResponse:
        """Book a meeting, at nine for an hour unless told otherwise."""
        return self.call("POST", "/meetings", person, json={**at(9), **fields})


def at(hour: int, minutes: int = 60, title: str = "Planning") -> dict[str, Any]:
    """Return a meeting's title and times on the fourth of May."""
    first = hour * 60
    start, end = (
        f"2026-05-04T{m // 60:02}:{m % 60:02}:00Z" for m in (first, first + minutes)
    )
    return {"title": title, "start_time": start, "end_time": end}


def config(folder: Path, **more: object) -> dict[str, Any]:
    """Return settings for an application whose data is under `folder`."""
    return {
        "TESTING": True,
        "SECRET_KEY": "a key that only tests know, long enough",
        "MEETINGS_INSTANCE_DIR": str(folder / "instance"),
        "FAILWELL_LOGGING": False,
        **more,
    }
