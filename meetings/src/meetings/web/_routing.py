"""How ids stand in addresses."""

from flask import Flask
from werkzeug.routing import IntegerConverter


class IdConverter(IntegerConverter):
    """An id, in the one way to write it: no leading zeros, no digits of other scripts.

    At most 18 digits, which every database can hold. The pattern says so, rather than
    `max`: what a converter refuses after the pattern matched is answered with 405.
    """

    regex = "[1-9][0-9]{0,17}"


def install_converters(app: Flask) -> None:
    """Make `<id:name>` known to the routes of `app`."""
    app.url_map.converters["id"] = IdConverter
