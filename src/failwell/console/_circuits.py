"""The circuit breakers of all processes: a page, and the same as JSON.

No store that is away keeps it from being shown: the process that answers knows its own.
"""

from flask import Blueprint, Response

from failwell.console._desk import Desk


def add_circuits(blueprint: Blueprint, desk: Desk) -> None:
    """Add both routes to the blueprint."""

    def page() -> Response:
        overview = desk.fleet.overview(with_own=True)
        return desk.page(
            "circuits.html", overview=overview, circuits=overview.circuits()
        )

    def api() -> Response:
        return desk.json(desk.fleet.overview(with_own=True))

    blueprint.add_url_rule("/circuits", "circuits", page)
    blueprint.add_url_rule("/api/circuits", "api_circuits", api)
