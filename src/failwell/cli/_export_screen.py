"""How far an export is, on standard error; loads rich, so it is loaded late."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


def counted(lines: Iterable[str], what: str) -> Iterator[str]:
    """Yield the lines, and show how many there were."""
    columns = (
        SpinnerColumn(),
        TextColumn(f"{{task.completed:,}} {what}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(what, total=None)
        for line in lines:
            yield line
            progress.advance(task)
