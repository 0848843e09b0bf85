"""What webargs aborts with, in the one shape.

Owns what webargs calls the parts of a request.
"""

from collections.abc import Mapping
from typing import Any

from failwell.exceptions import ValidationError
from failwell.responses._validation._from_marshmallow import add_messages
from failwell.responses._validation._problems import Location, Problems

# A form is a body.
_LOCATIONS: dict[str, Location] = {
    "query": "query",
    "querystring": "query",
    "headers": "headers",
    "cookies": "headers",
    "path": "path",
    "view_args": "path",
}


def from_webargs(
    messages: Mapping[Any, object], data: object = None
) -> ValidationError:
    """Return what webargs found wrong as one error of ours.

    Args:
        messages: Marshmallow's messages, by the part of the request.
        data: What was validated, None where it could not be read.
    """
    merged: dict[str, Any] = {}
    for name, inner in messages.items():
        problems = Problems(_LOCATIONS.get(str(name), "body"))
        add_messages(problems, inner, data)
        merged.update(problems.error().details)
    return ValidationError(details=merged)
