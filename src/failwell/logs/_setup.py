"""`setup_logging`: one handler on the root logger, whatever is set up how often."""

import logging
import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import click

from failwell._request_id import HasWsgiApp, install_request_ids
from failwell._settings import Settings, read_settings
from failwell._version import __version__

_MARK = "failwell.logging"
_FOLDER_MODE = 0o750


class LoggedApp(HasWsgiApp, Protocol):
    """A Flask application, as far as logging needs it."""

    import_name: str
    instance_path: str

    @property
    def name(self) -> str:
        """The name of its logger."""

    @property
    def config(self) -> Mapping[str, Any]:
        """Where the settings are."""

    @property
    def logger(self) -> logging.Logger:
        """Its logger."""


class Plan(NamedTuple):
    """Everything that decides how the handlers are made."""

    file: Path
    form: str
    level: str
    console_level: str
    max_bytes: int
    backups: int


def setup_logging(app: LoggedApp, settings: Settings | None = None) -> None:
    """Log to `<logs_dir>/app.log` and to standard error, one line a record.

    The file is rotated at 1 MiB with 10 backups, safely with several processes; it
    takes level INFO and above, standard error DEBUG and above, the application's
    logger and the root logger INFO and above. Every line of a request carries its id.
    All of it can be set: the settings `FAILWELL_LOGS_…`.

    The handlers stand on the root logger, once for the process: a second call adds
    none, for whatever application; where its settings differ, the later call's count.
    Flask's default handler is taken out. The first line says what starts, unless `flask`
    makes the application to find a command of its own in it, which is no start. Where the
    folder cannot be made or written, the application starts, says so, and logs to standard
    error alone.

    Args:
        app: The Flask application.
        settings: Default: read from `app.config` and the environment.

    Raises:
        SettingsError: A setting is not allowed.
    """
    settings = settings or read_settings(
        app.config, import_name=app.import_name, instance_path=app.instance_path
    )
    install_request_ids(app)
    plan = _plan(settings)
    # Before app.logger is asked for the first time: Flask gives it a handler of its
    # own when it finds none.
    problem = _install(plan)
    _take_over(app.logger, settings.logs_level)
    if app.extensions.get(_MARK) != plan:
        app.extensions[_MARK] = plan
        _announce(app.logger, settings, plan, problem)


def remove_logging() -> None:
    """Take the handlers off the root logger again and close their files; for tests."""
    from failwell.logs._handlers import QueuedHandler  # noqa: PLC0415 - heavy

    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, QueuedHandler)]:
        root.removeHandler(handler)
        handler.close()


def _plan(settings: Settings) -> Plan:
    return Plan(
        # Absolute at once: the working directory may change later.
        file=Path(settings.logs_dir).absolute() / "app.log",
        form=settings.logs_format,
        level=settings.logs_level,
        console_level=settings.logs_console_level,
        max_bytes=settings.logs_max_bytes,
        backups=settings.logs_backups,
    )


def _install(plan: Plan) -> OSError | None:
    # structlog and concurrent-log-handler take 100 ms: only those who log pay.
    from failwell.logs._format import configure_structlog, make_formatter  # noqa: PLC0415 - see above
    from failwell.logs._handlers import (  # noqa: PLC0415 - see above
        ConsoleHandler,
        FileHandler,
        QueuedHandler,
    )

    root = logging.getLogger()
    present = [h for h in root.handlers if isinstance(h, QueuedHandler)]
    if [h.plan for h in present] == [plan]:
        return None
    targets: list[logging.Handler] = [ConsoleHandler()]
    targets[0].setLevel(plan.console_level)
    problem = _cannot_write(plan.file)
    if problem is None:
        targets.append(FileHandler(plan.file, plan.max_bytes, plan.backups))
        targets[1].setLevel(plan.level)
    for target in targets:
        target.setFormatter(make_formatter(plan.form))
    configure_structlog()
    root.addHandler(QueuedHandler(targets, plan))
    for handler in present:
        root.removeHandler(handler)
        handler.close()
    if not root.isEnabledFor(logging.getLevelNamesMapping()[plan.level]):
        root.setLevel(plan.level)
    return problem


def _cannot_write(file: Path) -> OSError | None:
    try:
        file.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640))
    except OSError as error:
        return error
    return None


def _take_over(logger: logging.Logger, level: str) -> None:
    logger.setLevel(level)
    # Looked up, not imported: this room does not know Flask. Where Flask is not
    # loaded there is no such handler.
    default = getattr(sys.modules.get("flask.logging"), "default_handler", None)
    if default is not None:
        logger.removeHandler(default)


def _announce(
    logger: logging.Logger, settings: Settings, plan: Plan, problem: OSError | None
) -> None:
    from failwell.logs._handlers import QueuedHandler  # noqa: PLC0415 - heavy

    handler = next(
        h for h in logging.getLogger().handlers if isinstance(h, QueuedHandler)
    )
    # Often before a fork: a thread started now would not be there behind it.
    with handler.synchronously():
        if not _is_for_a_command():
            logger.info(
                "%s %sstarts: environment %s, failwell %s, Python %s, process %d, log %s",
                settings.application,
                f"{settings.release} " if settings.release else "",
                settings.environment,
                __version__,
                platform.python_version(),
                os.getpid(),
                plan.file,
            )
        if problem is not None:
            logger.error(
                "No log file: %s. Logging to standard error alone; make the folder"
                " writable or set FAILWELL_LOGS_DIR to one that is",
                problem,
            )


def _is_for_a_command() -> bool:
    # `flask run`, `shell` and the like make the application in a context of their own.
    group = getattr(sys.modules.get("flask.cli"), "FlaskGroup", ())
    context = click.get_current_context(silent=True)
    return context is not None and isinstance(context.command, group)
