"""The administrator of a fresh installation.

Owns `first-admin.json`. The file is written before the user is: a crash in between
is mended by the next start, which makes the user out of the file.
"""

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from meetings._files import write_once
from meetings.accounts._passwords import Passwords
from meetings.accounts._users import register
from meetings.storage import Role, User

_FILE = "first-admin.json"
_EMAIL = "admin@meetings.local"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person signs in with."""

    email: str
    password: str


def make_first_admin(
    session: Session, passwords: Passwords, instance_dir: Path
) -> Credentials | None:
    """Make an administrator where there is none; return its credentials, else None.

    Raises:
        ValueError: A file of an earlier start is there but cannot be used.
    """
    admins = select(User.id).where(User.role == Role.ADMIN.value).limit(1)
    if session.scalar(admins) is not None:
        return None
    credentials = _kept(instance_dir / _FILE)
    register(
        session,
        email=credentials.email,
        name="First administrator",
        password_hash=passwords.hash(credentials.password),
        role=Role.ADMIN,
    )
    return credentials


def read_first_admin(instance_dir: Path) -> Credentials:
    """Return what the first start wrote.

    Raises:
        FileNotFoundError: There was no first start.
        ValueError: The file is not what was written.
    """
    path = instance_dir / _FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return Credentials(email=str(kept["email"]), password=str(kept["password"]))
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path} holds no e-mail address and password; remove it"
        raise ValueError(message) from error


def _kept(path: Path) -> Credentials:
    if not path.exists():
        fresh = {"email": _EMAIL, "password": secrets.token_urlsafe(18)}
        write_once(path, json.dumps(fresh) + "\n")
    return read_first_admin(path.parent)
