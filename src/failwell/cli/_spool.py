"""`flask failwell spool`: what lies on the disk before it is in the store.

Needs no store, and never makes or changes a file but for `repair`.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from flask.cli import AppGroup

from failwell.cli._journal import current_journal
from failwell.cli._json import print_json
from failwell.cli._options import as_json_option
from failwell.logs import escape, escape_json
from failwell.spool import (
    KEY_SIZE,
    FrameKind,
    SpoolDirectory,
    SpoolFrame,
    Unit,
    inspect_unit,
    measure,
    repair_unit,
)

if TYPE_CHECKING:
    from failwell.spool import UnitReport

_MINUTE = 60


def add_spool(group: AppGroup) -> None:
    """Add the commands to the group."""
    spool = AppGroup(
        "spool", help="Look at what is not in the store yet; needs no store."
    )
    group.add_command(spool)

    @spool.command("check")
    @as_json_option
    def check(*, as_json: bool) -> None:
        """Read every unit to its end; exit with 1 if something in them is damaged."""
        if not check_spool(as_json=as_json):
            click.get_current_context().exit(1)

    @spool.command("dump")
    @click.argument("unit", required=False)
    def dump(unit: str | None) -> None:
        """Print what is in UNIT, or in all units: a line of JSON for each part."""
        dump_spool(unit)

    @spool.command("repair")
    @as_json_option
    def repair(*, as_json: bool) -> None:
        """Lay damaged bytes aside in the folder quarantine; keep all that is whole.

        Units that a process writes or ships are left alone.
        """
        repair_spool(as_json=as_json)


def check_spool(*, as_json: bool) -> bool:
    """Read every unit to its end, print what is in them; return whether all is whole."""
    folder, quota = _settings()
    with _reading(folder) as units:
        reports = [inspect_unit(unit) for unit in units]
        used = measure(folder).used
    healthy = all(not (r.damaged_bytes or r.problem) for r in reports)
    if as_json:
        print_json(
            {
                "ok": healthy,
                "folder": str(folder),
                "bytes": used,
                "quota": quota,
                "units": [_document(report) for report in reports],
            }
        )
        return healthy
    from failwell.cli._screen import make_screen, show  # noqa: PLC0415 - loads rich
    from failwell.cli._spool_screen import units_screen  # noqa: PLC0415 - as above

    show(make_screen(), units_screen(reports, folder, used, quota))
    return healthy


def dump_spool(unit_id: str | None) -> None:
    """Print a line of JSON for each counter and frame, of one unit or of all.

    Raises:
        click.ClickException: There is no such unit, or it cannot be read to its end.
    """
    folder, _ = _settings()
    with _reading(folder) as units:
        chosen = [unit for unit in units if unit_id in (None, unit.id)]
        if unit_id is not None and not chosen:
            message = f"There is no unit {escape(unit_id)} in {folder}."
            raise click.ClickException(message)
        for unit in chosen:
            _dump(unit)


def repair_spool(*, as_json: bool) -> None:
    """Lay the damaged bytes of all units aside that no process has; say what was done.

    Raises:
        click.ClickException: A file cannot be read or written.
    """
    folder, _ = _settings()
    with _reading(folder) as units:
        damaged = [unit for unit in units if inspect_unit(unit).damaged_bytes]
        done = [(unit.id, _repair(unit, folder)) for unit in damaged]
    if as_json:
        print_json({"units": [{"unit": unit, **found} for unit, found in done]})
        return
    for unit_id, found in done:
        click.echo(_sentence(unit_id, found))
    if not done:
        click.echo("Nothing is damaged.")


def _settings() -> tuple[Path, int]:
    settings = current_journal().settings
    return settings.spool_dir.absolute(), settings.spool_quota


@contextmanager
def _reading(folder: Path) -> Iterator[list[Unit]]:
    try:
        yield SpoolDirectory(folder).units()
    except BrokenPipeError:
        # Nobody reads the output any more, as behind `| head`: click ends quietly.
        raise
    except OSError as error:
        message = f"{folder}: {error.strerror or error}"
        raise click.ClickException(message) from error


def _document(report: "UnitReport") -> dict[str, object]:
    return {
        **asdict(report),
        "began_at": datetime.fromtimestamp(report.began_at, UTC),
        "gaps": [list(gap) for gap in report.gaps],
    }


def _repair(unit: Unit, folder: Path) -> dict[str, object]:
    repaired = repair_unit(Unit(folder, unit.id), folder)
    if repaired is None:
        return {"quarantined": [], "left": 0, "skipped": True}
    files = [str(path) for path in repaired.quarantined]
    return {"quarantined": files, "left": repaired.left, "skipped": False}


def _sentence(unit: str, found: dict[str, Any]) -> str:
    if found["skipped"]:
        return f"{unit}: left alone, a process has it; try again when that has ended."
    done = [f"laid aside in {path}" for path in found["quarantined"]]
    if found["left"]:
        done.append(f"{found['left']} damaged bytes stay, too few to be written over")
    return f"{unit}: {'; '.join(done)}."


def _dump(unit: Unit) -> None:
    for counter in unit.counters():
        minute = datetime.fromtimestamp(counter.minute * _MINUTE, UTC)
        facts = {"key": counter.key.hex(), "minute": minute, "count": counter.count}
        _print_line({"unit": unit.id, "kind": "counter", **facts})
    for frame in unit.frames():
        kind = frame.kind.name.lower()
        _print_line({"unit": unit.id, "kind": kind, "end": frame.end, **_facts(frame)})


def _facts(frame: SpoolFrame) -> dict[str, object]:
    if frame.kind is FrameKind.RECORD:
        return _payload(frame.payload)
    key, rest = frame.payload[:KEY_SIZE], frame.payload[KEY_SIZE:]
    if frame.kind is FrameKind.USER:
        return {"key": key.hex(), "user": rest.hex()}
    return {"key": key.hex(), **_payload(rest)}


def _payload(payload: bytes) -> dict[str, object]:
    try:
        return {"payload": msgspec.json.decode(payload)}
    except (ValueError, RecursionError):
        return {"payload_base64": base64.b64encode(payload).decode()}


def _print_line(document: dict[str, object]) -> None:
    click.echo(escape_json(msgspec.json.encode(document).decode()))
