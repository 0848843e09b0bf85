"""Settings: read once from Flask's config and the environment, then frozen.

Owns names, kinds, defaults and the sentence that a bad value is refused with. No
other module asks a config or the environment for anything.
"""

import difflib
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal


class SettingsError(ValueError):
    """A setting is unknown or has a value that is not allowed; says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings of failwell, validated. Field `x_y` is `FAILWELL_X_Y`.

    Sources, first found wins: `app.config`, the environment, the default.
    """

    application: str
    """The name under which records are kept; default: the app's import name."""
    environment: str
    """Such as `production` or `staging`; default `production`."""
    release: str
    """The version that is running; default empty."""
    spool_dir: Path
    """Folder of the spool; default `<instance path>/failwell/spool`."""
    spool_durability: Literal["process", "power"]
    """What an error survives when its answer is sent: the end of the process (default),
    or a power cut, too."""
    spool_quota: int
    """Bytes that the spool's folder may hold; default 512 MiB."""
    store_url: str
    """SQLAlchemy URL; default `sqlite:///<instance path>/failwell/store.db`."""
    store_days: int
    """How old errors that were kept in full become; default 90, 0 for no limit."""
    store_events: int
    """How many errors are kept in full; default 1,000,000, 0 for no limit."""
    store_bytes: int
    """How large the store becomes, in bytes; default 5 GiB, 0 for no limit."""
    console_key: str | None
    """Opens the console, 16 characters at least; without it there is no console."""
    console_prefix: str
    """Where the console is served; default `/failwell`."""
    records_in_app: tuple[str, ...]
    """Modules, with all below them, whose frames count as the application's, or with
    `-` in front as a library's; default: by the place of the file."""
    records_locals: bool
    """Whether local variables of the application's frames are kept; default no."""
    records_headers: tuple[str, ...]
    """Request headers that are kept besides those that always are; default none."""
    records_body: int
    """Up to how many bytes a body of JSON or a form is kept; default 4096, 0 never."""
    records_breadcrumbs: int
    """How many breadcrumbs an error brings; default 20, 0 keeps none."""
    records_secrets: tuple[str, ...]
    """More names of secrets, and patterns `/…/` of what is one; default none."""
    responses_format: Literal["auto", "envelope", "problem"]
    """`auto` (default) negotiates by `Accept`; the others fix the form."""
    responses_undeclared: Literal["fail", "allow"]
    """What becomes, under `TESTING`, of an error that a view with `@raises` does not
    declare: `fail` (default) fails the test, `allow` answers it as always."""
    responses_api_prefix: str
    """Outside of it browsers get pages; default empty: JSON everywhere."""
    logging: bool
    """Whether `Failwell(app)` calls `setup_logging(app)`; default no."""
    logs_dir: Path
    """Folder of `app.log`, relative to the working directory; default `logs`."""
    logs_format: Literal["text", "json"]
    """Form of the lines; default `text`."""
    logs_level: str
    """Level of the application and the file; default `INFO`."""
    logs_console_level: str
    """Level of the console handler; default `DEBUG`."""
    logs_max_bytes: int
    """Size at which the file is rotated; default 1 MiB."""
    logs_backups: int
    """Rotated files that are kept; default 10."""
    hooks_threads: bool
    """Whether exceptions that end a thread are recorded; default yes."""
    hooks_process: bool
    """Whether an exception that ends the process is recorded; default yes."""
    hooks_commands: bool
    """Whether exceptions of the application's commands are recorded; default yes."""
    hooks_asyncio: bool
    """Whether what asyncio reports is recorded, such as an exception of a task that
    nobody took; default yes."""
    hooks_logging: str
    """The level from which an exception in a log line is recorded, or `OFF`; default
    `ERROR`."""
    hooks_warnings: bool
    """Whether warnings that Python shows are recorded; default no."""


_PREFIX = "FAILWELL_"
_TEXT_LENGTH = 200
_KEY_LENGTH = 16
_MIB = 1024 * 1024
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_MODULE = r"-?[^\W\d]\w*(\.[^\W\d]\w*)*"
_MODULE_SAID = "modules such as shop or -shop.vendored, separated by commas"
_HEADER = r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}"
_HEADER_SAID = "names of headers such as X-Tenant, separated by commas"
_SOUGHT = r"[\w. -]{2,100}|/.{1,500}/"
_SOUGHT_SAID = (
    "names such as tax_id and patterns in slashes such as /AB-\\d{6}/, as a list, or "
    "separated by commas where no pattern has one"
)
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def read_settings(
    config: Mapping[str, Any],
    *,
    import_name: str,
    instance_path: str | Path,
    environ: Mapping[str, str] = os.environ,
) -> Settings:
    """Read, validate and freeze the settings.

    Raises:
        SettingsError: An unknown `FAILWELL_…` name, or a value that is not allowed.
    """
    given = {k: v for k, v in environ.items() if k.startswith(_PREFIX)}
    given.update((k, v) for k, v in config.items() if k.startswith(_PREFIX))
    readers = _readers(import_name, Path(instance_path))
    _refuse_unknown(given, readers)
    return Settings(
        **{
            name.removeprefix(_PREFIX).lower(): (
                default if given.get(name) is None else read(name, given[name])
            )
            for name, (read, default) in readers.items()
        }
    )


def _readers(
    import_name: str, instance: Path
) -> dict[str, tuple[Callable[[str, Any], Any], Any]]:
    home = instance / "failwell"
    return {
        "FAILWELL_APPLICATION": (_name, import_name),
        "FAILWELL_ENVIRONMENT": (_name, "production"),
        "FAILWELL_RELEASE": (_text, ""),
        "FAILWELL_SPOOL_DIR": (_path, home / "spool"),
        "FAILWELL_SPOOL_DURABILITY": (_one_of("process", "power"), "process"),
        "FAILWELL_SPOOL_QUOTA": (_whole_number(16 * _MIB), 512 * _MIB),
        "FAILWELL_STORE_URL": (_store_url, f"sqlite:///{home / 'store.db'}"),
        "FAILWELL_STORE_DAYS": (_whole_number(0), 90),
        "FAILWELL_STORE_EVENTS": (_whole_number(0), 1_000_000),
        "FAILWELL_STORE_BYTES": (_whole_number(0), 5 * 1024**3),
        "FAILWELL_CONSOLE_KEY": (_key, None),
        "FAILWELL_CONSOLE_PREFIX": (_prefix, "/failwell"),
        "FAILWELL_RECORDS_IN_APP": (_list_of(_MODULE, _MODULE_SAID), ()),
        "FAILWELL_RECORDS_LOCALS": (_flag, False),
        "FAILWELL_RECORDS_HEADERS": (_list_of(_HEADER, _HEADER_SAID), ()),
        "FAILWELL_RECORDS_BODY": (_whole_number(0, 65_536), 4096),
        "FAILWELL_RECORDS_BREADCRUMBS": (_whole_number(0, 100), 20),
        "FAILWELL_RECORDS_SECRETS": (_secrets, ()),
        "FAILWELL_RESPONSES_FORMAT": (_one_of("auto", "envelope", "problem"), "auto"),
        "FAILWELL_RESPONSES_UNDECLARED": (_one_of("fail", "allow"), "fail"),
        "FAILWELL_RESPONSES_API_PREFIX": (_optional_prefix, ""),
        "FAILWELL_LOGGING": (_flag, False),
        "FAILWELL_LOGS_DIR": (_path, Path("logs")),
        "FAILWELL_LOGS_FORMAT": (_one_of("text", "json"), "text"),
        "FAILWELL_LOGS_LEVEL": (_one_of(*_LEVELS), "INFO"),
        "FAILWELL_LOGS_CONSOLE_LEVEL": (_one_of(*_LEVELS), "DEBUG"),
        "FAILWELL_LOGS_MAX_BYTES": (_whole_number(1024), 1024 * 1024),
        "FAILWELL_LOGS_BACKUPS": (_whole_number(0), 10),
        "FAILWELL_HOOKS_THREADS": (_flag, True),
        "FAILWELL_HOOKS_PROCESS": (_flag, True),
        "FAILWELL_HOOKS_COMMANDS": (_flag, True),
        "FAILWELL_HOOKS_ASYNCIO": (_flag, True),
        "FAILWELL_HOOKS_LOGGING": (_one_of(*_LEVELS, "OFF"), "ERROR"),
        "FAILWELL_HOOKS_WARNINGS": (_flag, False),
    }


def _refuse_unknown(given: Mapping[str, Any], known: Mapping[str, Any]) -> None:
    for name in given:
        if name not in known:
            hint = _near(name, known) or f"known: {', '.join(known)}"
            message = f"{name} is no setting of failwell; {hint}"
            raise SettingsError(message)


def _near(name: str, known: Mapping[str, Any]) -> str:
    # Without the prefix, which alone would make any name resemble every other.
    areas = [known_name.removeprefix(_PREFIX) for known_name in known]
    near = difflib.get_close_matches(name.removeprefix(_PREFIX), areas, n=1)
    return f"did you mean {_PREFIX}{near[0]}?" if near else ""


def _refuse(name: str, value: object, allowed: str) -> SettingsError:
    # The value itself stays out of the sentence: it may be a key.
    return SettingsError(f"{name} is a {type(value).__name__}; allowed: {allowed}")


def _text(name: str, value: object) -> str:
    if (
        not isinstance(value, str)
        or not value.isprintable()
        or len(value) > _TEXT_LENGTH
    ):
        raise _refuse(
            name, value, f"a line of at most {_TEXT_LENGTH} printable characters"
        )
    return value


def _name(name: str, value: object) -> str:
    if value == "":
        raise _refuse(
            name, value, f"a line of 1 to {_TEXT_LENGTH} printable characters"
        )
    return _text(name, value)


def _path(name: str, value: object) -> Path:
    if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value):
        raise _refuse(name, value, "the path of a folder")
    return Path(value)


def _store_url(name: str, value: object) -> str:
    # Without a path SQLAlchemy would open a store in memory and forget all of it.
    if not isinstance(value, str) or not re.match("sqlite:///[^?:]", value):
        raise _refuse(name, value, "a URL such as sqlite:////var/lib/app/errors.db")
    return value


def _key(name: str, value: object) -> str:
    if not isinstance(value, str) or len(value) < _KEY_LENGTH:
        raise _refuse(
            name, value, f"a secret text of at least {_KEY_LENGTH} characters"
        )
    return value


def _prefix(name: str, value: object) -> str:
    # `<` would begin a variable of Flask's URL rules, `//` another host.
    if not isinstance(value, str) or not re.fullmatch(r"(/[\w.~-]+)+", value, re.ASCII):
        raise _refuse(
            name,
            value,
            "a path such as /failwell: letters, digits and ._~- behind each slash, "
            "none at its end",
        )
    return value


def _optional_prefix(name: str, value: object) -> str:
    return "" if value == "" else _prefix(name, value)


def _flag(name: str, value: object) -> bool:
    text = str(value).lower()
    if isinstance(value, (bool, str, int)) and text in _TRUE + _FALSE:
        return text in _TRUE
    raise _refuse(name, value, "true or false")


def _one_of(*allowed: str) -> Callable[[str, Any], str]:
    def read(name: str, value: object) -> str:
        if value not in allowed:
            raise _refuse(name, value, f"one of {', '.join(allowed)}")
        return str(value)

    return read


def _whole_number(lowest: int, highest: int | None = None) -> Callable[[str, Any], int]:
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


def _list_of(pattern: str, allowed: str) -> Callable[[str, Any], tuple[str, ...]]:
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


def _secrets(name: str, value: object) -> tuple[str, ...]:
    entries = _list_of(_SOUGHT, _SOUGHT_SAID)(name, value)
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
