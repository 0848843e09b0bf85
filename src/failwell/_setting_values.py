"""How the value of each kind of setting is read, and the sentence that refuses it.

Owns what is allowed; which settings there are stands in `_settings`.
"""

import ipaddress
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

_TEXT_LENGTH = 200
_KEY_LENGTH = 16
MODULE = r"-?[^\W\d]\w*(\.[^\W\d]\w*)*"
MODULE_SAID = "modules such as shop or -shop.vendored, separated by commas"
HEADER = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}"
HEADER_SAID = "names of headers such as X-Tenant, separated by commas"
_SOUGHT = r"[\w. -]{2,100}|/.{1,500}/"
_SOUGHT_SAID = (
    "names such as tax_id and patterns in slashes such as /AB-\\d{6}/, as a list, or "
    "separated by commas where no pattern has one"
)
_ADDRESSES_SAID = (
    "addresses and networks such as 10.0.0.5 or 10.1.0.0/16, and unix for a socket of"
    " this machine, separated by commas"
)
_ROLE = r"[^=,]{1,200}=(viewer|operator|admin)"
_ROLES_SAID = (
    "users with viewer, operator or admin, such as ada@example.org=admin,*=viewer"
)
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


class SettingsError(click.ClickException, ValueError):
    """A setting is unknown or has a value that is not allowed; says which and why.

    `flask` prints it as it does its own errors: a sentence, and no traceback.
    """


def _refuse(name: str, value: object, allowed: str) -> SettingsError:
    # The value itself stays out of the sentence: it may be a key.
    return SettingsError(f"{name} is a {type(value).__name__}; allowed: {allowed}")


def read_text(name: str, value: object) -> str:
    """Return a line of printable characters, which may be empty."""
    if (
        not isinstance(value, str)
        or not value.isprintable()
        or len(value) > _TEXT_LENGTH
    ):
        raise _refuse(
            name, value, f"a line of at most {_TEXT_LENGTH} printable characters"
        )
    return value


def read_name(name: str, value: object) -> str:
    """Return a line of printable characters."""
    if value == "":
        raise _refuse(
            name, value, f"a line of 1 to {_TEXT_LENGTH} printable characters"
        )
    return read_text(name, value)


def read_path(name: str, value: object) -> Path:
    """Return the path of a folder."""
    if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value):
        raise _refuse(name, value, "the path of a folder")
    return Path(value)


def read_store_url(name: str, value: object) -> str:
    """Return the URL of a database that the store can use."""
    if isinstance(value, str) and re.match(
        r"postgresql(\+psycopg)?://[^/]*/[^?]", value
    ):
        if find_spec("psycopg") is None:
            message = (
                f"{name} names a PostgreSQL database, and its driver is not installed: "
                'pip install "failwell[postgresql]"'
            )
            raise SettingsError(message)
        return value
    # Without a path SQLAlchemy would open a store in memory and forget all of it.
    if isinstance(value, str) and re.match("sqlite:///[^?:]", value):
        return value
    raise _refuse(
        name,
        value,
        "a URL such as sqlite:////var/lib/app/errors.db or "
        "postgresql://user:password@host/errors; other databases are not supported",
    )


def read_redis_url(name: str, value: object) -> str:
    """Return the URL of a Redis server."""
    if not isinstance(value, str) or not re.match(r"(rediss?://[^/]|unix://.)", value):
        raise _refuse(
            name, value, "a URL such as redis://:password@host:6379/0, or unix:///path"
        )
    if find_spec("redis") is None:
        message = (
            f"{name} names a Redis server, and its client is not installed: "
            'pip install "failwell[redis]"'
        )
        raise SettingsError(message)
    return value


def read_web_url(name: str, value: object) -> str:
    """Return the address of a page, without a slash at its end."""
    if (
        not isinstance(value, str)
        or not value.isprintable()
        or not re.fullmatch(r"https?://[^\s/@]+(/[^\s?#]*)?", value)
    ):
        raise _refuse(
            name, value, "an address such as https://shop.example.org/failwell"
        )
    return value.rstrip("/")


def read_key(name: str, value: object) -> str:
    """Return a secret that is long enough."""
    if not isinstance(value, str) or len(value) < _KEY_LENGTH:
        raise _refuse(
            name, value, f"a secret text of at least {_KEY_LENGTH} characters"
        )
    return value


def read_prefix(name: str, value: object) -> str:
    """Return a URL prefix."""
    # `<` would begin a variable of Flask's URL rules, `//` another host.
    if not isinstance(value, str) or not re.fullmatch(r"(/[\w.~-]+)+", value, re.ASCII):
        raise _refuse(
            name,
            value,
            "a path such as /failwell: letters, digits and ._~- behind each slash, "
            "none at its end",
        )
    return value


def read_optional_prefix(name: str, value: object) -> str:
    """Return a URL prefix, or an empty text."""
    return "" if value == "" else read_prefix(name, value)


def read_flag(name: str, value: object) -> bool:
    """Return whether it is true; a text says it, too."""
    text = str(value).lower()
    if isinstance(value, (bool, str, int)) and text in _TRUE + _FALSE:
        return text in _TRUE
    raise _refuse(name, value, "true or false")


def one_of(*allowed: str) -> Callable[[str, Any], str]:
    """Return a reader of one of a few words."""

    def read(name: str, value: object) -> str:
        if value not in allowed:
            raise _refuse(name, value, f"one of {', '.join(allowed)}")
        return str(value)

    return read


def whole_number(lowest: int, highest: int | None = None) -> Callable[[str, Any], int]:
    """Return a reader of a whole number within bounds."""
    said = f"a whole number from {lowest}" + (f" to {highest}" if highest else "")

    def read(name: str, value: object) -> int:
        try:
            number = int(str(value))
        except ValueError:
            number = lowest - 1
        if isinstance(value, bool) or number < lowest:
            raise _refuse(name, value, said)
        if highest is not None and number > highest:
            raise _refuse(name, value, said)
        return number

    return read


def list_of(pattern: str, allowed: str) -> Callable[[str, Any], tuple[str, ...]]:
    """Return a reader of texts that match, as a list or separated by commas."""

    def read(name: str, value: object) -> tuple[str, ...]:
        if isinstance(value, str):
            value = [entry.strip() for entry in value.split(",") if entry.strip()]
        if not isinstance(value, (list, tuple, set, frozenset)):
            raise _refuse(name, value, allowed)
        for entry in value:
            if not isinstance(entry, str) or not re.fullmatch(pattern, entry):
                message = f"{name} holds {entry!r}; allowed: {allowed}"
                raise SettingsError(message)
        return tuple(value)

    return read


def read_header(name: str, value: object) -> str:
    """Return the name of a request header, or an empty text."""
    if value == "":
        return ""
    if not isinstance(value, str) or not re.fullmatch(HEADER, value):
        raise _refuse(name, value, "the name of a header such as X-Forwarded-User")
    return value


def read_addresses(name: str, value: object) -> tuple[str, ...]:
    """Return IP addresses and networks."""
    entries = list_of(r"\S+", _ADDRESSES_SAID)(name, value)
    for entry in entries:
        try:
            if entry != "unix":
                ipaddress.ip_network(entry)
        except ValueError as error:
            message = f"{name} holds {entry!r} ({error}); allowed: {_ADDRESSES_SAID}"
            raise SettingsError(message) from error
    return entries


def read_roles(name: str, value: object) -> tuple[tuple[str, str], ...]:
    """Return users with their roles."""
    entries = list_of(_ROLE, _ROLES_SAID)(name, value)
    pairs = (entry.rpartition("=") for entry in entries)
    return tuple((user.strip(), role) for user, _, role in pairs)


def read_secrets(name: str, value: object) -> tuple[str, ...]:
    """Return names and patterns of secrets."""
    entries = list_of(_SOUGHT, _SOUGHT_SAID)(name, value)
    for entry in entries:
        if entry.startswith("/"):
            _check_pattern(name, entry)
    return entries


def _check_pattern(name: str, entry: str) -> None:
    # Loaded here: only who gives patterns pays for it this early.
    import re2  # noqa: PLC0415 - see above

    options = re2.Options()
    options.log_errors = False
    try:
        found = re2.compile(entry[1:-1], options).search("")
    except re2.error as error:
        said = error.args[0]
        said = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        message = f"{name} holds {entry!r}, which is no pattern of re2: {said}"
        raise SettingsError(message) from error
    if found is not None:
        message = f"{name} holds {entry!r}, which matches the empty text"
        raise SettingsError(message)
