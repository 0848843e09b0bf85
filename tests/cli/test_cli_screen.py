"""What the tables look like in terminals of their sizes."""

import io
from datetime import UTC, datetime

import pytest
from rich.console import Console

from failwell.cli._screen import groups_table
from failwell.store import GroupSummary

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)
GROUP = GroupSummary(
    id=7,
    hash="00ff00ff00ff00ff",
    application="shop",
    code="INTERNAL_ERROR",
    type="ZeroDivisionError",
    culprit="shop.basket:total",
    message="by zero",
    state="open",
    state_at=None,
    count=1234,
    users=56,
    first_seen=NOW,
    last_seen=NOW,
    hourly=(0,) * 20 + (1, 4, 8, 0),
)


@pytest.mark.parametrize(("width", "lines"), [(90, 3), (150, 2)])
def test_the_list_fits_its_terminal(width: int, lines: int) -> None:
    """A group takes two lines in a narrow one, and nothing is left out in either."""
    file = io.StringIO()

    Console(file=file, width=width).print(groups_table([GROUP], NOW, width))

    text = file.getvalue()
    assert len(text.splitlines()) == lines
    assert max(map(len, text.splitlines())) <= width
    for part in ("7", "1,234", "56", "just now", "INTERNAL_ERROR", "ZeroDivisionError"):
        assert part in text
    assert "shop.basket:total" in text
    assert "·" * 20 + "▁▄█·" in text
