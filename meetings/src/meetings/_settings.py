"""Settings: read once from the given config and the environment, then frozen.

Owns names, kinds, defaults and the sentence that a bad value is refused with. No
other module asks a config or the environment for anything.
"""

import difflib
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from failwell import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of the backend, validated.

    Sources, first found wins: the mapping given to `create_app`, the environment,
    the default.
    """

    secret_key: str
    """`SECRET_KEY`: signs tokens; 32 bytes at least, no default."""
    database_url: str
    """`DATABASE_URL`: default `sqlite:///<instance>/meetings.db`."""
    instance_dir: Path
    """`MEETINGS_INSTANCE_DIR`: default `instance` in the working directory."""
    calendar_url: str | None
    """`MEETINGS_CALENDAR_URL`: the outside calendar's webhook; default none."""
    access_token_s: int
    """`MEETINGS_ACCESS_TOKEN_SECONDS`: how long an access token lives; default 900."""
    demo: bool
    """`MEETINGS_DEMO`: whether the crash routes exist, for loopback clients alone."""


_OURS = (
    "MEETINGS_ACCESS_TOKEN_SECONDS",
    "MEETINGS_CALENDAR_URL",
    "MEETINGS_DEMO",
    "MEETINGS_INSTANCE_DIR",
)
_KEY_BYTES = 32
_LONGEST_ACCESS_S = 24 * 3600
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def read_settings(
    config: Mapping[str, Any], environ: Mapping[str, str] = os.environ
) -> Settings:
    """Read, validate and freeze the settings.

    Raises:
        SettingsError: A value is missing or not allowed, or a name is nearly one
            of ours.
    """
    _refuse_misspelt({*config, *environ})

    def given(name: str) -> Any:  # noqa: ANN401 - whatever kind was configured
        value = config.get(name)
        return environ.get(name) if value is None else value

    instance = instance_dir(config, environ)
    return Settings(
        secret_key=_secret("SECRET_KEY", given("SECRET_KEY")),
        database_url=_database("DATABASE_URL", given("DATABASE_URL"), instance),
        instance_dir=instance,
        calendar_url=_web_address(
            "MEETINGS_CALENDAR_URL", given("MEETINGS_CALENDAR_URL")
        ),
        access_token_s=_seconds(
            "MEETINGS_ACCESS_TOKEN_SECONDS", given("MEETINGS_ACCESS_TOKEN_SECONDS")
        ),
        demo=_flag("MEETINGS_DEMO", given("MEETINGS_DEMO")),
    )


def instance_dir(config: Mapping[str, Any], environ: Mapping[str, str]) -> Path:
    """Return `MEETINGS_INSTANCE_DIR`, absolute; the folder need not exist.

    Raises:
        SettingsError: It is no path.
    """
    name = "MEETINGS_INSTANCE_DIR"
    return _folder(name, config.get(name) or environ.get(name))


def _refuse_misspelt(names: Collection[str]) -> None:
    # Only what is nearly right: container platforms put variables such as
    # MEETINGS_SERVICE_HOST into the environment by themselves.
    for name in sorted(names):
        if name.startswith("MEETINGS_") and name not in _OURS:
            near = difflib.get_close_matches(name, _OURS, n=1, cutoff=0.85)
            if near:
                message = f"{name} is no setting of meetings; did you mean {near[0]}?"
                raise SettingsError(message)


def _refuse(name: str, value: object, allowed: str) -> SettingsError:
    # The value itself stays out of the sentence: it may hold a password.
    kind = "missing" if value is None else f"a {type(value).__name__}"
    return SettingsError(f"{name} is {kind}; allowed: {allowed}")


def _secret(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value.encode()) < _KEY_BYTES:
        raise _refuse(
            name,
            value,
            f"a secret text of at least {_KEY_BYTES} bytes (`make run` makes one"
            " under instance/ and reads it from there)",
        )
    return value


def _folder(name: str, value: object) -> Path:
    if value is None:
        return Path.cwd() / "instance"
    if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value):
        raise _refuse(name, value, "the path of a folder")
    return Path(value).absolute()


def _database(name: str, value: object, instance: Path) -> str:
    if value is None:
        return f"sqlite:///{instance / 'meetings.db'}"
    prefix = "sqlite:///"
    if isinstance(value, str) and value.startswith(prefix):
        path = value.removeprefix(prefix)
        # In memory every connection would see a database of its own.
        if path and not path.startswith((":memory:", "file:")) and "?" not in path:
            return value
    raise _refuse(
        name, value, "the URL of an SQLite file, such as sqlite:////var/lib/meetings.db"
    )


def _web_address(name: str, value: object) -> str | None:
    if value is None or value == "":
        return None
    if isinstance(value, str) and _is_web_address(value):
        return value
    raise _refuse(name, value, "an address such as https://calendar.example.com/hook")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return (
            parts.scheme in {"http", "https"}
            and bool(parts.hostname)
            and parts.port != 0  # reading it refuses what is no port
        )
    except ValueError:
        return False


def _seconds(name: str, value: object) -> int:
    if value is None:
        return 900
    allowed = f"a whole number of seconds from 1 to {_LONGEST_ACCESS_S}"
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise _refuse(name, value, allowed)
    try:
        seconds = int(value)
    except ValueError:
        raise _refuse(name, value, allowed) from None
    if not 1 <= seconds <= _LONGEST_ACCESS_S:
        raise _refuse(name, value, allowed)
    return seconds


def _flag(name: str, value: object) -> bool:
    if value is None:
        return False
    text = str(value).lower()
    if isinstance(value, (bool, str, int)) and text in _TRUE + _FALSE:
        return text in _TRUE
    raise _refuse(name, value, "true or false")
