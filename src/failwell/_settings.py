"""Settings: read once from Flask's config and the environment, then frozen.

Owns names, kinds, defaults and the sentence that a bad value is refused with. No
other module asks a config or the environment for anything.
"""

import difflib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from failwell._alert_settings import (
    ChannelURL,
    QuietHours,
    read_channels,
    read_quiet_hours,
)
from failwell._setting_values import (
    HEADER,
    HEADER_SAID,
    MODULE,
    MODULE_SAID,
    SettingsError,
    list_of,
    one_of,
    read_addresses,
    read_flag,
    read_header,
    read_key,
    read_name,
    read_optional_prefix,
    read_path,
    read_prefix,
    read_redis_url,
    read_roles,
    read_secrets,
    read_store_url,
    read_text,
    read_web_url,
    whole_number,
)

__all__ = ["Settings", "SettingsError", "read_settings"]


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
    """SQLAlchemy URL of an SQLite file or of PostgreSQL; default
    `sqlite:///<instance path>/failwell/store.db`."""
    store_days: int
    """How old errors that were kept in full become; default 90, 0 for no limit."""
    store_events: int
    """How many errors are kept in full; default 1,000,000, 0 for no limit."""
    store_bytes: int
    """How large the store becomes, in bytes; default 5 GiB, 0 for no limit."""
    console_key: str | None
    """Opens the console, 16 characters at least; without it there is no console."""
    console_operator_key: str | None
    """Opens the console to whoever may change groups, and not delete them; default none."""
    console_viewer_key: str | None
    """Opens the console to whoever may only read; default none."""
    console_proxy_header: str
    """The request header in which a trusted proxy names the user; default none."""
    console_proxy_addresses: tuple[str, ...]
    """Addresses and networks of that proxy, `unix` for a socket; default none."""
    console_proxy_roles: tuple[tuple[str, str], ...]
    """The users that it names, `*` for all others, each with a role; default: all may
    read."""
    console_prefix: str
    """Where the console is served; default `/failwell`."""
    console_url: str | None
    """Where people reach the console, such as `https://shop.example.org/failwell`, for
    links in alerts; default: they have none."""
    alerts_to: tuple[ChannelURL, ...]
    """The channels that alerts go to; default none, and then there are no alerts."""
    alerts_cap: int
    """How many alerts there are in an hour at most, of all rules; default 20."""
    alerts_quiet: QuietHours | None
    """Hours in which alerts wait that are not urgent; default none."""
    alerts_templates: Path | None
    """Folder of templates that go before those of failwell; default none."""
    alerts_private_webhooks: bool
    """Whether webhooks may lead into one's own network, and be plain http; default no."""
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
    circuits_url: str | None
    """URL of a Redis server through which processes share orders for circuit breakers
    and tell how those are; default: through the store."""
    circuits_interval: int
    """Seconds between two looks of a process at these orders, up to 30; default 2, and
    0 for none: neither read nor told."""
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
_MIB = 1024 * 1024
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


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
    settings = Settings(
        **{
            name.removeprefix(_PREFIX).lower(): (
                default if given.get(name) is None else read(name, given[name])
            )
            for name, (read, default) in readers.items()
        }
    )
    _check_doors(settings)
    return settings


def _readers(
    import_name: str, instance: Path
) -> dict[str, tuple[Callable[[str, Any], Any], Any]]:
    home = instance / "failwell"
    return {
        "FAILWELL_APPLICATION": (read_name, import_name),
        "FAILWELL_ENVIRONMENT": (read_name, "production"),
        "FAILWELL_RELEASE": (read_text, ""),
        "FAILWELL_SPOOL_DIR": (read_path, home / "spool"),
        "FAILWELL_SPOOL_DURABILITY": (one_of("process", "power"), "process"),
        "FAILWELL_SPOOL_QUOTA": (whole_number(16 * _MIB), 512 * _MIB),
        "FAILWELL_STORE_URL": (read_store_url, f"sqlite:///{home / 'store.db'}"),
        "FAILWELL_STORE_DAYS": (whole_number(0), 90),
        "FAILWELL_STORE_EVENTS": (whole_number(0), 1_000_000),
        "FAILWELL_STORE_BYTES": (whole_number(0), 5 * 1024**3),
        **_CONSOLE,
        "FAILWELL_RECORDS_IN_APP": (list_of(MODULE, MODULE_SAID), ()),
        "FAILWELL_RECORDS_LOCALS": (read_flag, False),
        "FAILWELL_RECORDS_HEADERS": (list_of(HEADER, HEADER_SAID), ()),
        "FAILWELL_RECORDS_BODY": (whole_number(0, 65_536), 4096),
        "FAILWELL_RECORDS_BREADCRUMBS": (whole_number(0, 100), 20),
        "FAILWELL_RECORDS_SECRETS": (read_secrets, ()),
        "FAILWELL_RESPONSES_FORMAT": (one_of("auto", "envelope", "problem"), "auto"),
        "FAILWELL_RESPONSES_UNDECLARED": (one_of("fail", "allow"), "fail"),
        "FAILWELL_RESPONSES_API_PREFIX": (read_optional_prefix, ""),
        "FAILWELL_LOGGING": (read_flag, False),
        "FAILWELL_LOGS_DIR": (read_path, Path("logs")),
        "FAILWELL_LOGS_FORMAT": (one_of("text", "json"), "text"),
        "FAILWELL_LOGS_LEVEL": (one_of(*_LEVELS), "INFO"),
        "FAILWELL_LOGS_CONSOLE_LEVEL": (one_of(*_LEVELS), "DEBUG"),
        "FAILWELL_LOGS_MAX_BYTES": (whole_number(1024), 1024 * 1024),
        "FAILWELL_LOGS_BACKUPS": (whole_number(0), 10),
        "FAILWELL_CIRCUITS_URL": (read_redis_url, None),
        "FAILWELL_CIRCUITS_INTERVAL": (whole_number(0, 30), 2),
        "FAILWELL_HOOKS_THREADS": (read_flag, True),
        "FAILWELL_HOOKS_PROCESS": (read_flag, True),
        "FAILWELL_HOOKS_COMMANDS": (read_flag, True),
        "FAILWELL_HOOKS_ASYNCIO": (read_flag, True),
        "FAILWELL_HOOKS_LOGGING": (one_of(*_LEVELS, "OFF"), "ERROR"),
        "FAILWELL_HOOKS_WARNINGS": (read_flag, False),
        **_ALERTS,
    }


_CONSOLE: dict[str, tuple[Callable[[str, Any], Any], Any]] = {
    "FAILWELL_CONSOLE_KEY": (read_key, None),
    "FAILWELL_CONSOLE_OPERATOR_KEY": (read_key, None),
    "FAILWELL_CONSOLE_VIEWER_KEY": (read_key, None),
    "FAILWELL_CONSOLE_PROXY_HEADER": (read_header, ""),
    "FAILWELL_CONSOLE_PROXY_ADDRESSES": (read_addresses, ()),
    "FAILWELL_CONSOLE_PROXY_ROLES": (read_roles, (("*", "viewer"),)),
    "FAILWELL_CONSOLE_PREFIX": (read_prefix, "/failwell"),
}
_ALERTS: dict[str, tuple[Callable[[str, Any], Any], Any]] = {
    "FAILWELL_CONSOLE_URL": (read_web_url, None),
    "FAILWELL_ALERTS_TO": (read_channels, ()),
    "FAILWELL_ALERTS_CAP": (whole_number(1, 1000), 20),
    "FAILWELL_ALERTS_QUIET": (read_quiet_hours, None),
    "FAILWELL_ALERTS_TEMPLATES": (read_path, None),
    "FAILWELL_ALERTS_PRIVATE_WEBHOOKS": (read_flag, False),
}


def _check_doors(settings: Settings) -> None:
    """Refuse what would leave a door of the console open, or closed, by mistake."""
    keys = [
        settings.console_key,
        settings.console_operator_key,
        settings.console_viewer_key,
    ]
    given = [key for key in keys if key is not None]
    problem = None
    if given and settings.console_key is None:
        problem = (
            "FAILWELL_CONSOLE_OPERATOR_KEY and FAILWELL_CONSOLE_VIEWER_KEY need"
            " FAILWELL_CONSOLE_KEY, without which there is no console"
        )
    elif len(set(given)) < len(given):
        problem = "the keys of the console are equal; allowed: one for each role"
    elif settings.console_proxy_header and not settings.console_proxy_addresses:
        problem = (
            "FAILWELL_CONSOLE_PROXY_HEADER needs FAILWELL_CONSOLE_PROXY_ADDRESSES:"
            " from anywhere else the header is not believed"
        )
    if problem is not None:
        raise SettingsError(problem)


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
