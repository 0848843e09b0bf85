"""`python -m meetings serve`: everything between an empty folder and a served page."""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

from flask import Flask
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from failwell import signin_link
from meetings._app import create_app
from meetings.accounts import Credentials, make_first_admin
from meetings.server._instance import instance_config, prepare_instance
from meetings.server._processes import Child, StopSignals, supervise
from meetings.storage import db, migrate, writing
from meetings.web import services

_USUAL_PORT = 5000
_HIGHEST_PORT = 65_535


class StartError(Exception):
    """The server cannot start; says why and what to do."""


def serve(host: str, port: int, *, demo: bool) -> int:
    """Prepare the instance, start the server and the shipper, wait for the end.

    Args:
        host: The address to listen on.
        port: The port, from 1 to 65535.
        demo: Whether the routes that fail on purpose exist, for this machine alone.

    Returns:
        The exit status.

    Raises:
        StartError: The port is taken, or the database cannot be used.
        SettingsError: A setting is not allowed.
        OSError: The instance folder cannot be written.
    """
    console = Console(highlight=False, soft_wrap=True)
    _refuse_taken(host, port)
    folder = prepare_instance()
    environ = {
        **os.environ,
        "MEETINGS_INSTANCE_DIR": str(folder),
        "MEETINGS_DEMO": "1" if demo else "0",
    }
    # The children log; this process talks to the person in front of it.
    app = create_app({**instance_config(), "FAILWELL_LOGGING": False})
    try:
        admin = _prepare_database(app, folder)
    except DBAPIError as error:
        message = f"The database of DATABASE_URL cannot be used: {error.orig}"
        raise StartError(message) from error
    stop = StopSignals()
    # The shipper ends last: it still moves what the server recorded while it ended.
    with (
        Child(_shipper(), environ) as shipper,
        Child(_gunicorn(host, port), environ) as server,
    ):
        if _await_answer(host, port, server, stop):
            url = f"http://{_reachable(host)}:{port}"
            console.print("\n[bold]The meetings backend is running.[/bold]")
            for line in (*_addresses(app, url, folder), *_administrator(folder, admin)):
                console.print(f"  {line}")
            if demo:
                other = "" if port == _USUAL_PORT else f" PORT={port}"
                console.print(
                    f"  demo           in a second terminal: make demo{other}"
                )
            console.print("  stop           Ctrl-C\n")
        status = supervise(server, shipper, stop, console.print)
    console.print("Stopped.")
    return status


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise StartError(_why_not(error, host, port)) from error


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        other = port + 1 if port < _HIGHEST_PORT else port - 1
        return (
            f"Port {port} is taken by another program, or by an earlier start of this"
            f" one. End it, or take another port: make run PORT={other}"
        )
    return f"Cannot listen on {host}, port {port}: {error.strerror}"


def _prepare_database(app: Flask, folder: Path) -> Credentials | None:
    with app.app_context():
        migrate(db.engine)
        with writing() as session:
            admin = make_first_admin(session, services().passwords, folder)
        db.session.close()
        # The children open connections of their own.
        db.engine.dispose()
    return admin


def _gunicorn(host: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "gunicorn", "meetings.server:application()"),
        *("--config", "python:meetings.server._gunicorn"),
        *("--bind", f"{host}:{port}"),
    ]


def _shipper() -> list[str]:
    module = "meetings.server:application"
    return [sys.executable, "-m", "flask", "--app", module, "failwell", "ship"]


def _await_answer(host: str, port: int, server: Child, stop: StopSignals) -> bool:
    while server.exit_code is None and stop.pause():
        # Connecting is enough, requests wait for the workers. A request of ours would
        # make a worker ship before the shipper, which is still starting, could.
        with socket.socket() as probe:
            if probe.connect_ex((_reachable(host), port)) == 0:
                return True
    return False


def _reachable(host: str) -> str:
    return "127.0.0.1" if host in {"", "0.0.0.0"} else host  # noqa: S104 - compared, not bound


def _addresses(app: Flask, url: str, folder: Path) -> Iterator[str]:
    settings = app.extensions["failwell"].settings
    yield f"API            {url}/api/v1"
    yield f"its documents  {url}/docs"
    yield f"data           {folder}"
    yield f"error console  {signin_link(settings, url)}"
    yield "               (this link works once, within 15 minutes; later sign in at"
    yield f"               {url}{settings.console_prefix} with the key in"
    yield f"               {folder / 'console-key'})"


def _administrator(folder: Path, made: Credentials | None) -> Iterator[str]:
    kept = folder / "first-admin.json"
    if made is not None:
        yield f"administrator  {made.email}, password {made.password}"
        yield f"               (kept in {kept})"
    elif kept.exists():
        yield f"administrator  see {kept}"
