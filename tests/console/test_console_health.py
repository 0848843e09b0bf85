"""The page that says how the application and the pipeline of its errors are."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from failwell._settings import Settings
from failwell.console import create_console
from failwell.fleet import CircuitReport, Fleet, ProcessReport, StoreBoard
from failwell.records import AnswerDefinition, ErrorRecord, LossDefinition, RequestInfo
from failwell.resilience import CircuitState
from failwell.spool import FrameKind, Spool, SpoolDirectory, SpoolFrame
from failwell.store import Store
from failwell.testing import ManualClock

KEY = "the console's key, only for tests"
PREFIX = "/errors-of/shop"


def _words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")


def _answer(code: str, status: int, route: str) -> AnswerDefinition:
    return AnswerDefinition(
        application="shop",
        environment="production",
        code=code,
        status=status,
        method="POST",
        route=route,
    )


def test_all_is_well_where_nothing_happened(admin: FlaskClient) -> None:
    """It says so in one line, and why it thinks so."""
    words = _words(admin.get(f"{PREFIX}/health").text)

    assert "is in the store" in words
    assert "Every error was kept in full" in words
    # Other tests of this process may have left a circuit open.
    assert ("Not all is well" in words) != ("No circuit is open or held" in words)


def test_errors_and_refusals_stand_apart(
    admin: FlaskClient,
    feed_error: Callable[..., ErrorRecord],
    record: Callable[..., ErrorRecord],
    feed_answers: Callable[[object, int], None],
) -> None:
    """Errors by code, what clients did wrong and what was unavailable by code and route."""
    request = RequestInfo(method="POST", path="/pay/1", route="/pay/<int:cart>")
    feed_error(record(request=request), times=48)
    feed_answers(_answer("OUT_OF_STOCK", 409, "/buy/<int:item>"), 1021)
    feed_answers(_answer("CIRCUIT_OPEN", 503, "/pay"), 12)
    feed_answers(
        LossDefinition(
            application="shop", environment="production", reason="sampled out"
        ),
        29,
    )

    words = _words(admin.get(f"{PREFIX}/health").text)

    assert "INTERNAL_ERROR 48 2.0" in words
    assert "Route In the last hour /pay/&lt;int:cart&gt; 48" in words
    assert "409 OUT_OF_STOCK POST /buy/&lt;int:item&gt; 1,021 42.5" in words
    assert "503 CIRCUIT_OPEN POST /pay 12 0.5" in words
    assert "29 sampled out" in words


def test_a_circuit_that_is_open_is_said_first(
    admin: FlaskClient, board: StoreBoard, clock: ManualClock
) -> None:
    """With the way to the page of the circuits."""
    now = datetime.fromtimestamp(clock.now(), UTC)
    circuit = CircuitReport(
        name="health-mail",
        state=CircuitState.OPEN,
        since=now,
        retry_at=None,
        override=None,
        calls=0,
        failures=5,
        slow=0,
        rejected=3,
        opened=1,
    )
    board.report(ProcessReport(process="desk:1", at=now, circuits=(circuit,)))

    html = admin.get(f"{PREFIX}/health").text

    assert "Not all is well" in html
    assert "health-mail" in html
    assert f'href="{PREFIX}/circuits"' in html


def test_what_waits_in_the_spool_is_counted(
    tmp_path: Path,
    settings: Settings,
    store: Store,
    fleet: Fleet,
    clock: ManualClock,
) -> None:
    """And where it cannot be read, the page says why, and works."""
    folder = tmp_path / "spool"
    spool = Spool(folder, clock=clock)
    for _ in range(2):
        spool.append(b"x" * 1_000_000)
    broken = tmp_path / "broken"
    broken.write_text("no folder")
    pages = []
    for place in (folder, broken):
        app = Flask("shop")
        app.register_blueprint(
            create_console(
                replace(settings, spool_dir=place),
                lambda: store,
                lambda: False,
                lambda: fleet,
                source=lambda place=place: SpoolDirectory(place),  # type: ignore[misc] # bound now
                clock=clock,
            )
        )
        client = app.test_client()
        client.post(f"{PREFIX}/signin", data={"key": KEY})
        pages.append(_words(client.get(f"{PREFIX}/health").text))
    spool.close()

    assert "Not all is well Records wait on this machine" in pages[0]
    assert re.search(r"1 unit, [1-9]\.\d MiB of 512 MiB", pages[0])
    assert "The spool cannot be read: Not a directory" in pages[1]


def test_what_the_store_could_not_take_is_counted(
    admin: FlaskClient, store: Store
) -> None:
    """And no page says that all is well."""
    broken = SpoolFrame(FrameKind.RECORD, b"no record", 100)
    store.ingest("unit-broken", [broken], [], finished=True)

    words = _words(admin.get(f"{PREFIX}/health").text)

    assert "Not all is well" in words
    assert "1 record of the last hour could not be stored" in words


def test_the_catalogue_says_what_each_code_means(viewer: FlaskClient) -> None:
    """With its status and the advice that clients get."""
    words = _words(viewer.get(f"{PREFIX}/health").text)

    assert "CIRCUIT_OPEN A dependency failed repeatedly" in words
