"""How ids stand in addresses."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from meetings.web._fields import LARGEST_ID


class IdConverter(IntegerConverter):
    """An id from 1 to what a database can hold; others match no route.

    It has one way to be written: no leading zeros, no digits of other scripts.
    """

    regex = "[1-9][0-9]*"

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=LARGEST_ID)


def install_converters(app: Flask) -> None:
    """Make `<id:name>` known to the routes of `app`."""
    app.url_map.converters["id"] = IdConverter
