"""Everything that a search finds, as JSON lines or CSV: streamed, nothing held whole."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice

from flask import Response, request

from failwell.console._desk import Desk
from failwell.console._endpoints import SEARCH, Endpoint, Parameter
from failwell.console._search import read_search
from failwell.exceptions import ValidationError
from failwell.excerpts import event_rows, group_rows, json_lines
from failwell.store import GroupQuery

KINDS = {"jsonl": "application/jsonl", "csv": "text/csv"}
_FORMAT = Parameter(
    "format",
    "`jsonl` has all there is, `csv` what fits into a table.",
    {"type": "string", "enum": [*KINDS], "default": "jsonl"},
)
_LINES_TOGETHER = 200


def export_endpoints(desk: Desk) -> list[Endpoint]:
    """Return the endpoints that stream groups and errors."""

    def groups() -> Response:
        """Return all groups that a search finds."""
        form, found = _form(), desk.store.export_groups(_asked(desk))
        lines = group_rows(found) if form == "csv" else json_lines(found)
        return _answer(desk, "groups", form, lines)

    def events() -> Response:
        """Return all errors, kept in full, of the groups that a search finds."""
        form, found = _form(), desk.store.export_events(_asked(desk))
        lines = event_rows(found) if form == "csv" else json_lines(found)
        return _answer(desk, "events", form, lines)

    returns, parameters = tuple(KINDS.values()), (SEARCH, _FORMAT)
    return [
        Endpoint(f"api_export_{name}", f"/export/{name}", view, returns, parameters)
        for name, view in (("groups", groups), ("events", events))
    ]


def _form() -> str:
    form = request.args.get("format", "jsonl")
    if form not in KINDS:
        message = f"format is {form[:20]!r}; allowed: {', '.join(KINDS)}"
        raise ValidationError(message)
    return form


def _asked(desk: Desk) -> GroupQuery:
    search = read_search(request.args, now=desk.now(), usual="", limit=1)
    if search.query is None:
        raise ValidationError(search.problem)
    return search.query


def _answer(desk: Desk, what: str, form: str, lines: Iterator[str]) -> Response:
    # What fails at the first group is an answer still; later the connection ends.
    begun = chain(list(islice(lines, 2)), lines)
    desk.note("exported", what=what, search=request.args.get("q", ""))
    response = Response(_together(begun), mimetype=KINDS[form])
    response.headers["Content-Disposition"] = f'attachment; filename="{what}.{form}"'
    return response


def _together(lines: Iterable[str]) -> Iterator[bytes]:
    rest = iter(lines)
    while several := "".join(islice(rest, _LINES_TOGETHER)):
        yield several.encode("utf-8", "backslashreplace")
