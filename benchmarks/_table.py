"""What the benchmarks share: interleaved rounds and a table that states ratios."""

import statistics
from collections.abc import Callable, Mapping, Sequence

from rich.console import Console
from rich.table import Table

Measure = Callable[[], Sequence[float]]


def interleave(
    cases: Mapping[str, Measure], rounds: int
) -> dict[str, list[list[float]]]:
    """Run every case once a round; return each case's figures by column."""
    figures: dict[str, list[list[float]]] = {name: [] for name in cases}
    for _ in range(rounds):
        for name, measure in cases.items():
            figures[name].append(list(measure()))
    return {
        name: [list(column) for column in zip(*rows, strict=True)]
        for name, rows in figures.items()
    }


def ratio(column: Sequence[float], base: Sequence[float]) -> float:
    """Return the median of the per-round ratios: what noisy neighbours move least."""
    return statistics.median(a / b for a, b in zip(column, base, strict=True))


def print_table(
    title: str, columns: Sequence[str], figures: Mapping[str, list[list[float]]]
) -> None:
    """Print each case's medians and its ratios to the first case."""
    base = next(iter(figures.values()))
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in columns:
        table.add_column(column, justify="right")
        table.add_column("ratio", justify="right")
    for name, case in figures.items():
        cells = []
        for figure, against in zip(case, base, strict=True):
            cells += [
                f"{statistics.median(figure):,.0f}",
                f"{ratio(figure, against):.2f}",
            ]
        table.add_row(name, *cells)
    Console(width=110).print(table)
