"""What `stats` counts, together."""

from collections.abc import Sequence
from typing import NamedTuple

from failwell.store import AnswerCount, ErrorStats, LossCount, TimeSeries


class Counts(NamedTuple):
    """The counts of one range of time."""

    stats: ErrorStats
    series: TimeSeries
    answers: Sequence[AnswerCount]
    losses: Sequence[LossCount]
