"""The errors of an application in its OpenAPI 3.1 document.

    spec = APISpec("Rooms", "1", "3.1.0")
    add_error_components(spec)
    spec.path("/rooms", operations={"get": {"responses": error_responses(list_rooms)}})

What an operation answers is what its view declares with `failwell.raises`; what a code
means comes from the catalogue, which the answers themselves quote.
"""

from failwell.responses import (
    add_error_components,
    add_error_responses,
    error_components,
    error_responses,
)

__all__ = [
    "add_error_components",
    "add_error_responses",
    "error_components",
    "error_responses",
]
