"""The circuit breakers of all processes, on a page.

No store that is away keeps it from being shown: the process that answers knows its own.
"""

from flask import Response

from failwell.console._desk import Desk
from failwell.console._routes import Routes


def add_circuits(routes: Routes, desk: Desk) -> None:
    """Add the page."""

    def page() -> Response:
        overview = desk.fleet.overview(with_own=True)
        return desk.page(
            "circuits.html", overview=overview, circuits=overview.circuits()
        )

    routes.add("/circuits", "circuits", page)
