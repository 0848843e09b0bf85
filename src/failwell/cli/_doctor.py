"""Whether failwell can do its work here, and what to do where it cannot."""

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from failwell._clock import Clock
from failwell._journal import Journal
from failwell.cli._moments import exact
from failwell.spool import MemorySpool, SpoolDirectory, inspect_unit, measure
from failwell.store import GroupQuery, StoreError

_MEGABYTE = 1024 * 1024
_SCARCE_BYTES = 500 * _MEGABYTE
_FULL_BYTES = 20 * _MEGABYTE
_SCARCE_PART = 3 / 4
_TOKEN_S = 60.0
_SETTLE_S = 2.0

State = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Check:
    """One finding."""

    name: str
    state: State
    finding: str
    remedy: str = ""
    """What to do; empty where all is well."""


def examine(journal: Journal, clock: Clock) -> list[Check]:
    """Return all findings; whatever fails is a finding too."""
    checks: list[Callable[[], Iterator[Check]]] = [
        lambda: _settings(journal),
        lambda: _spool(journal),
        lambda: _store(journal, clock),
        lambda: _shipper(journal),
        lambda: _backlog(journal),
        lambda: _console(journal),
        lambda: _circuits(journal),
        lambda: _alerts(journal),
    ]
    return [check for run in checks for check in run()]


def _settings(journal: Journal) -> Iterator[Check]:
    settings = journal.settings
    release = settings.release or "no release named"
    yield Check(
        "settings",
        "ok",
        f"application {settings.application}, {settings.environment}, {release}",
        "" if settings.release else "Set FAILWELL_RELEASE to tell releases apart.",
    )


def _spool(journal: Journal) -> Iterator[Check]:
    folder = journal.settings.spool_dir
    if isinstance(journal.source, MemorySpool):
        yield Check(
            "spool",
            "warn",
            "errors are kept in the memory of each process and end with it",
            f"Outside of tests, make {folder} writable or set FAILWELL_SPOOL_DIR.",
        )
        return
    present = _nearest(folder)
    problem = _cannot_write(present)
    if problem is not None:
        yield Check(
            "spool",
            "fail",
            f"{present} cannot be written: {problem}",
            "Give the folder to the application's user, or set FAILWELL_SPOOL_DIR.",
        )
        return
    if present == folder:
        yield _modes(folder)
    else:
        yield Check("spool", "ok", f"{folder} will be made with the first error")
    yield _free(present)
    if present == folder:
        yield _room(journal)
        yield _damage(journal)


def _is_untouched(journal: Journal) -> bool:
    on_disk = not isinstance(journal.source, MemorySpool)
    return on_disk and not journal.settings.spool_dir.exists()


def _nearest(folder: Path) -> Path:
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    return folder


def _cannot_write(folder: Path) -> OSError | None:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"?")
    except OSError as error:
        return error
    return None


def _modes(folder: Path) -> Check:
    found = folder.stat()
    mode = stat.S_IMODE(found.st_mode)
    if os.name == "posix" and found.st_uid != os.geteuid():
        return Check(
            "spool",
            "warn",
            f"{folder} belongs to user {found.st_uid}, this command runs as"
            f" {os.geteuid()}",
            "Run the commands as the application's user: else files may be made that"
            " it cannot write.",
        )
    if os.name == "posix" and mode & 0o077:
        return Check(
            "spool",
            "warn",
            f"{folder} is open to other users (mode {mode:04o})",
            f"chmod 700 {folder}",
        )
    return Check("spool", "ok", f"{folder} is writable and private")


def _free(folder: Path) -> Check:
    free = shutil.disk_usage(folder).free
    state: State = "ok"
    if free < _SCARCE_BYTES:
        state = "fail" if free < _FULL_BYTES else "warn"
    return Check(
        "disk",
        state,
        f"{free // _MEGABYTE} MiB free for the spool",
        "" if state == "ok" else "Free some space: a full disk keeps counts alone.",
    )


def _room(journal: Journal) -> Check:
    quota = journal.settings.spool_quota
    used = measure(journal.settings.spool_dir).used
    is_scarce = used > _SCARCE_PART * quota
    return Check(
        "quota",
        "warn" if is_scarce else "ok",
        f"{used // _MEGABYTE} of {quota // _MEGABYTE} MiB are used",
        "See that a shipper runs and the store is well, or raise FAILWELL_SPOOL_QUOTA:"
        " only the first errors of each group are kept in full."
        if is_scarce
        else "",
    )


def _damage(journal: Journal) -> Check:
    units = SpoolDirectory(journal.settings.spool_dir).units()
    reports = [inspect_unit(unit) for unit in units]
    damaged = sum(report.damaged_bytes for report in reports)
    unread = sum(bool(report.problem) for report in reports)
    if not (damaged or unread):
        return Check("damage", "ok", f"all of {len(reports)} units can be read")
    return Check(
        "damage",
        "warn",
        f"{damaged} bytes are damaged, {unread} units cannot be read to their end",
        "`flask failwell spool check` says where, `spool repair` lays it aside.",
    )


def _store(journal: Journal, clock: Clock) -> Iterator[Check]:
    try:
        journal.store.groups(GroupQuery(limit=1))
        # The smallest write there is; it is forgotten after a minute.
        journal.store.use_once(f"doctor-{secrets.token_hex(8)}", clock.now() + _TOKEN_S)
    except StoreError as error:
        yield Check(
            "store",
            "fail",
            error.describe(),
            "Check FAILWELL_STORE_URL, the file's owner and the disk;"
            " until then errors wait in the spool.",
        )
        return
    yield Check("store", "ok", "can be read and written, its schema is the present one")


def _shipper(journal: Journal) -> Iterator[Check]:
    if _is_untouched(journal):
        # An election would make the folder, and perhaps as the wrong user.
        yield Check("shipper", "ok", "nothing to ship yet")
        return
    try:
        lock = journal.source.elect()
    except OSError as error:
        yield Check(
            "shipper",
            "fail",
            f"nobody can be elected: {error}",
            "Make the spool's folder writable for the application's user.",
        )
        return
    if lock is None:
        yield Check("shipper", "ok", "a process is shipping")
        return
    lock.release()
    yield Check(
        "shipper",
        "warn",
        "nobody is shipping at the moment",
        "Run `flask failwell ship`; or else the application's own thread begins with"
        " its first request.",
    )


def _backlog(journal: Journal) -> Iterator[Check]:
    if _is_untouched(journal) or journal.settle(_SETTLE_S):
        yield Check("backlog", "ok", "everything that was recorded is in the store")
        return
    try:
        units = journal.source.units()
        size = sum(unit.size() for unit in units)
        found = f"{len(units)} units with {size // 1024} KiB are not all in the store"
    except OSError as error:
        found = f"the spool cannot be read: {error}"
    yield Check(
        "backlog",
        "warn",
        found,
        "See that the store is well and that a shipper runs, then look again.",
    )


def _console(journal: Journal) -> Iterator[Check]:
    if journal.settings.console_key is None:
        yield Check(
            "console",
            "ok",
            "closed: no key is set",
            "To open it, set FAILWELL_CONSOLE_KEY to a secret of 16 characters or more.",
        )
        return
    prefix = journal.settings.console_prefix
    yield Check("console", "ok", f"open at {prefix} to those who know the key")


def _circuits(journal: Journal) -> Iterator[Check]:
    in_redis = journal.settings.circuits_url is not None
    if not in_redis and _is_untouched(journal):
        return
    overview = journal.fleet.overview(with_own=False)
    held = [order for order in overview.orders if order.override is not None]
    if overview.away is None and held:
        said = ", ".join(
            f"{order.name} {order.override} by {order.set_by} since"
            f" {exact(order.set_at)} UTC"
            for order in held
        )
        remedy = "Let go what need not be held: flask failwell circuits reset NAME."
        yield Check("circuits", "warn", f"held: {said}", remedy)
    elif overview.away is None:
        yield Check("circuits", "ok", "no circuit breaker is held")
    elif in_redis:  # of the store it is said already
        remedy = "Start it, or take FAILWELL_CIRCUITS_URL out."
        yield Check("circuits", "fail", overview.away, remedy)


def _alerts(journal: Journal) -> Iterator[Check]:
    alerts = journal.alerts
    if not alerts.channels:
        yield Check(
            "alerts",
            "ok",
            "nobody is told: no channel is set",
            "To be told of new errors, set FAILWELL_ALERTS_TO.",
        )
        return
    if _is_untouched(journal):
        yield Check("alerts", "ok", "nothing to tell yet")
        return
    try:
        health = alerts.health()
    except StoreError:
        return  # of the store it is said already
    if health.is_stale:
        said = "never" if health.judged_at is None else exact(health.judged_at)
        yield Check(
            "alerts",
            "warn",
            f"nobody judges what happened; last: {said}",
            "The process that ships does: see that it has FAILWELL_ALERTS_TO, too.",
        )
    if health.failing or health.dead:
        failing = ", ".join(health.failing) or "none now"
        yield Check(
            "alerts",
            "warn",
            f"channels that fail: {failing}; {health.waiting} alerts wait,"
            f" {health.dead} were given up",
            "`flask failwell alerts outbox` says why, `alerts test` tries a channel,"
            " `alerts retry` sends again.",
        )
    elif not health.is_stale:
        yield Check("alerts", "ok", f"channels: {', '.join(alerts.channels)}")
