"""How much a page sends: little enough for a phone at night."""

from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient
from msgspec.structs import replace

from failwell.records import (
    Breadcrumb,
    ErrorRecord,
    ExceptionInfo,
    Frame,
    RequestInfo,
    SourceContext,
)
from failwell.store import Store

PREFIX = "/errors-of/shop"
STATIC = Path(__file__).parents[2] / "src/failwell/console/static"
MOST = 60_000
LINES = tuple(
    f"    total = total + self.price_of(line, {n})  # as agreed" for n in range(7)
)


def _deep(number: int) -> ExceptionInfo:
    """Return an exception with as many frames as are kept, half of them our own."""
    frames = tuple(
        Frame(
            module=f"shop.orders.pricing.rules_{i}" if i % 2 else "sqlalchemy.engine",
            function=f"apply_rule_{i}",
            file=f"/srv/shop/lib/python3.12/site-packages/shop/rules_{i}.py",
            line=100 + i,
            in_app=bool(i % 2),
            source=SourceContext(97 + i, LINES),
        )
        for i in range(100)
    )
    relation = "cause" if number else ""
    return ExceptionInfo(f"shop.Deep{number}", "x" * 300, frames, relation=relation)


def test_pages_stay_below_sixty_kilobytes(
    admin: FlaskClient,
    store: Store,
    feed_error: Callable[..., ErrorRecord],
    record: Callable[..., ErrorRecord],
) -> None:
    """A full list with long messages, and an error with the deepest stacks there are."""
    for number in range(26):
        group = f"{number:016x}"
        for hours in range(24):
            made = record(group=group, number=hours, message="a <b> of 'words' " * 30)
            feed_error(
                made, times=100 + hours * number, hours_ago=hours, kept=not hours
            )
    request = RequestInfo(
        method="POST",
        route="/pay/<int:cart>",
        path="/pay/7",
        headers={f"X-Header-{n}": "value" * 10 for n in range(20)},
        body={f"field_{n}": "value" for n in range(50)},
    )
    crumbs = tuple(
        Breadcrumb(timestamp=0.0, category="log", message="something happened " * 4)
        for _ in range(20)
    )
    deep = replace(
        record(group=f"{99:016x}", number=99),
        exceptions=tuple(_deep(number) for number in range(3)),
        request=request,
        breadcrumbs=crumbs,
    )
    feed_error(deep)
    for number in range(60):
        store.comment(27, f"comment {number}: it happened again", by="ada@example.org")

    sizes = {
        path: len(admin.get(PREFIX + path).data)
        for path in ("/", "/updates", "/groups/27", "/groups/1", "/health", "/audit")
    }

    assert {path: size for path, size in sizes.items() if size > MOST} == {}


def test_assets_stay_below_sixty_kilobytes() -> None:
    """All of them together, as they are sent, without a compressor."""
    assert sum(path.stat().st_size for path in STATIC.iterdir()) < MOST
