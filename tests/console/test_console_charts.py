"""The geometry of charts."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from failwell.console._charts import bar_chart, last_day

NOW = datetime(2027, 1, 15, 12, 34, 56, tzinfo=UTC)


@given(st.lists(st.integers(0, 10**9), max_size=40), st.integers(10, 100))
def test_bars_stay_inside_and_show_every_count(counts: list[int], height: int) -> None:
    """24 bars, none outside of the chart, none invisible, none for zero."""
    chart = bar_chart(counts, NOW, height)

    assert len(chart.bars) == 24
    assert [bar.count for bar in chart.bars][24 - len(counts[-24:]) :] == counts[-24:]
    assert chart.total == sum(counts[-24:])
    assert chart.peak.count == max(counts[-24:], default=0)
    for bar in chart.bars:
        assert 0 <= bar.y <= height
        assert bar.x + chart.bar_width <= chart.width
        assert (bar.height >= 2) == (bar.count > 0)


def test_the_last_bar_is_the_present_hour() -> None:
    """The day ends with the hour that has begun, whatever the minute."""
    chart = bar_chart([3], NOW, 40)

    assert last_day(NOW) == (
        datetime(2027, 1, 14, 13, tzinfo=UTC),
        datetime(2027, 1, 15, 13, tzinfo=UTC),
    )
    assert chart.bars[-1].begin == datetime(2027, 1, 15, 12, tzinfo=UTC)
    assert chart.bars[-1].height == 40
