"""Times as they are said."""

from datetime import UTC, datetime, timedelta

import pytest

from failwell.cli._moments import ago

NOW = datetime(2026, 11, 23, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-5), "just now"),
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=1), "1 h ago"),
        (timedelta(hours=24), "yesterday"),
        (timedelta(days=400), "400 days ago"),
    ],
)
def test_an_age_is_said_in_its_largest_unit(passed: timedelta, said: str) -> None:
    """Rounded down; a clock that runs ahead is no reason for a negative age."""
    assert ago(NOW - passed, NOW) == said
