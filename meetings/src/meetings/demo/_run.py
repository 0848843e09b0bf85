"""`python -m meetings demo`: set the stage, send everything, say what came back."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.progress import track
from rich.table import Table

from failwell import SettingsError, signin_link
from meetings._app import create_app
from meetings._settings import instance_dir
from meetings.accounts import Credentials, read_first_admin
from meetings.demo._script import write_script
from meetings.demo._shots import DemoError, Shooter, Shot, Tally
from meetings.demo._stage import Stage, set_stage, slot
from meetings.server import instance_config

_RACERS = 16


def run_demo(port: int) -> int:
    """Send a few hundred requests to the server of this folder.

    Returns:
        0 when every answer was the right one, else 1.

    Raises:
        DemoError: The server cannot be reached, or is not the one of this folder.
    """
    console = Console(highlight=False, soft_wrap=True)
    url = f"http://127.0.0.1:{port}"
    tally = Tally()
    with Shooter(url) as shooter:
        stage = set_stage(shooter, _admin())
        script = write_script(stage)
        for shot in track(script, "Sending requests", console=console):
            tally.add(shot, shooter.send(shot))
        _race(shooter, stage, tally)
    console.print(_table(tally))
    _point(console, url)
    for (title, answer), times in tally.surprises.items():
        console.print(
            f"[red]Not expected:[/red] {title} was answered {answer}, {times}x"
        )
    return 1 if tally.surprises else 0


def _admin() -> Credentials:
    folder = instance_dir({}, os.environ)
    try:
        return read_first_admin(folder)
    except (FileNotFoundError, ValueError) as error:
        message = (
            f"{folder} holds no first-admin.json of a started server."
            " Start one first, in another terminal: make run"
        )
        raise DemoError(message) from error


def _race(shooter: Shooter, stage: Stage, tally: Tally) -> None:
    body = {"title": "The same slot", "room_id": stage.room_id, **slot(400)}
    shot = Shot(
        title=f"{_RACERS} clients, one slot, at once",
        method="POST",
        path="/api/v1/meetings",
        expect=frozenset({"201", "MEETING_CONFLICT"}),
        token=stage.organizer.token,
        json=body,
    )
    with ThreadPoolExecutor(_RACERS) as pool:
        for answer in pool.map(shooter.send, [shot] * _RACERS):
            tally.add(shot, answer)


def _table(tally: Tally) -> Table:
    table = Table(title="What was sent, and what came back")
    table.add_column("request")
    table.add_column("answer")
    table.add_column("times", justify="right")
    by_answer: Counter[tuple[str, str]] = Counter()
    for (title, answer), times in tally.answers.items():
        by_answer[answer, title] += times
    for (answer, title), times in sorted(by_answer.items()):
        style = "red" if tally.surprises[title, answer] else None
        table.add_row(title, answer, str(times), style=style)
    table.add_section()
    table.add_row("all", "", str(tally.answers.total()), style="bold")
    return table


def _point(console: Console, url: str) -> None:
    console.print("\nWhere to look now:")
    try:
        app = create_app({**instance_config(), "FAILWELL_LOGGING": False})
        link = signin_link(app.extensions["failwell"].settings, url)
        console.print(f"  error console   {link}")
    except SettingsError as error:
        console.print(f"  error console   not from here: {error}")
    console.print("  command line    .venv/bin/flask failwell errors")
    console.print("  log             logs/app.log")
    console.print(f"  documents       {url}/docs\n")
