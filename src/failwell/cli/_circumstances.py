"""What is known of an error beside its stack: the request, and what came before."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from failwell.cli._moments import exact
from failwell.cli._text import shown
from failwell.records import Breadcrumb, ErrorRecord, RequestInfo


def circumstances(record: ErrorRecord) -> Iterator[RenderableType]:
    """Yield the facts of one error, then its breadcrumbs, the oldest first."""
    yield Text()
    yield _facts(record)
    if record.breadcrumbs:
        yield Text("\nbefore the error", "dim")
        yield _breadcrumbs(record)


def _facts(record: ErrorRecord) -> Table:
    request = record.request or RequestInfo()
    query = f"?{request.query}" if request.query else ""
    table = Table.grid(padding=(0, 2, 0, 0))
    for name, value in (
        ("error", record.id),
        ("time", f"{exact(record.timestamp)} UTC"),
        ("level", record.level if record.level != "error" else ""),
        ("caught by", record.origin),
        ("request", f"{request.method} {request.path}{query}".strip()),
        ("route", request.route),
        ("request id", record.request_id),
        ("trace id", record.trace_id),
        ("user", record.user_id),
        ("release", record.release),
        *record.tags.items(),
        ("content type", request.content_type),
        *request.headers.items(),
        ("body", request.body),
        ("data", request.data),
        *record.context.items(),
    ):
        if value not in (None, "", {}):
            table.add_row(shown(name, "dim"), shown(value))
    return table


def _breadcrumbs(record: ErrorRecord) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for crumb in record.breadcrumbs:
        table.add_row(
            Text(f"  {_before(record, crumb)}", "dim"),
            shown(crumb.level or crumb.category, "dim"),
            shown(crumb.message),
            shown("" if crumb.data is None else crumb.data, "dim"),
        )
    return table


def _before(record: ErrorRecord, crumb: Breadcrumb) -> str:
    """Return how long before the error it was."""
    return f"-{max(0.0, record.timestamp - crumb.timestamp):.3f} s"
