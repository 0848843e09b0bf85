"""What one application holds for its requests."""

from dataclasses import dataclass
from typing import cast

from flask import Flask, current_app

from meetings._gateway import Calendar
from meetings._settings import Settings
from meetings.accounts import Passwords, Tokens

_KEY = "meetings"


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that is made once, in `create_app`."""

    settings: Settings
    passwords: Passwords
    tokens: Tokens
    calendar: Calendar
    schema_version: str | None
    """The migration that this code needs."""


def install_services(app: Flask, services: Services) -> None:
    """Keep the services with the application."""
    app.extensions[_KEY] = services


def services() -> Services:
    """Return the services of the current application."""
    return cast("Services", current_app.extensions[_KEY])
