"""The breakers, bulkheads, budgets and retries of this process for Prometheus.

    REGISTRY.register(ResilienceCollector())

They are read when they are scraped.
"""

import os
from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from failwell.integrations._measures import Measure, RetryCounts, measures

__all__ = ["ResilienceCollector"]

Family = CounterMetricFamily | GaugeMetricFamily


class ResilienceCollector(Collector):
    """Collects what there is of resilience in this process: `failwell_circuit_state`, ….

    What has the same name counts as one. Retries are counted from now until `close`, each
    for the price of a function call before its wait.

    **Several workers.** Each process has its own circuits, and a scrape reaches one of them.
    The multiprocess mode of prometheus-client keeps numbers in files and does not ask
    collectors. So scrape each worker at a port of its own; or have the label `pid`, so that
    what different workers answer are at least different series.

    Args:
        by_process: Whether each value has the label `pid`.
    """

    def __init__(self, *, by_process: bool = False) -> None:
        self._by_process = by_process
        self._retries = RetryCounts()

    def collect(self) -> Iterator[Family]:
        """Read everything."""
        for measure in measures(self._retries):
            yield self._family(measure)

    def close(self) -> None:
        """Count no more retries."""
        self._retries.end()

    def _family(self, measure: Measure) -> Family:
        kind = CounterMetricFamily if measure.grows else GaugeMetricFamily
        # Asked for each time: after a fork it is another one.
        process = {"pid": str(os.getpid())} if self._by_process else {}
        name = "_".join(("failwell", *measure.name))
        family = kind(name, f"{measure.text}.", labels=(*measure.labels, *process))
        for labels, value in measure.read().items():
            family.add_metric((*labels, *process.values()), value)
        return family
