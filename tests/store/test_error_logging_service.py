"""The service of the contract, on the real recorder, spool and store."""

import logging
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from failwell._settings import read_settings
from failwell.exceptions import NotFoundError
from failwell.records import Recorder
from failwell.spool import MemorySpool, Spool
from failwell.store import ErrorLoggingService, ShipperThread, Store
from failwell.testing import ManualClock


class OutOfStock(Exception):  # noqa: N818 - an application may name its own as it likes
    """An error of an application."""


@pytest.fixture
def service(clock: ManualClock) -> Iterator[ErrorLoggingService]:
    """A service in memory, as under TESTING."""
    settings = read_settings({}, import_name="shop", instance_path="/x", environ={})
    spool = MemorySpool(clock=clock)
    recorder = Recorder(settings, spool, clock=clock)
    with closing(Store("sqlite://", clock=clock)) as store:
        settle = ShipperThread(spool, store, clock=clock).settle
        yield ErrorLoggingService(recorder, store, settle)


def _sell() -> None:
    try:
        {}["item"]
    except KeyError as error:
        raise OutOfStock("no more of it") from error


def _raised() -> OutOfStock:
    try:
        _sell()
    except OutOfStock as error:
        return error
    pytest.fail("unreachable")


def test_what_is_logged_is_read_back(
    service: ErrorLoggingService, clock: ManualClock
) -> None:
    """An entry has everything that the contract names."""
    error_id = service.log_error(_raised(), user_id=7, request_data={"item": "lamp"})

    (entry,) = service.get_recent_errors()

    assert entry.id == error_id
    assert entry.error_type == "OutOfStock"
    assert entry.error_message == "no more of it"
    assert entry.user_id == "7"
    assert entry.request_data == {"item": "lamp"}
    assert entry.timestamp == datetime.fromtimestamp(clock.now(), UTC)
    assert entry.timestamp.utcoffset() == timedelta(0)


def test_a_stack_trace_reads_as_python_prints_it(service: ErrorLoggingService) -> None:
    """The cause comes first, each line with its source, the raised error last."""
    service.log_error(_raised())

    (entry,) = service.get_recent_errors()

    lines = entry.stack_trace.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert '    {}["item"]' in lines
    assert "    _sell()" in lines
    cause = lines.index(
        "The above exception was the direct cause of the following exception:"
    )
    assert lines[cause - 2].startswith("KeyError")
    assert lines[-1].endswith("OutOfStock: no more of it")


def test_the_newest_come_first(
    service: ErrorLoggingService, clock: ManualClock
) -> None:
    """Every explicit entry is kept; the limit bounds what is returned."""
    ids = []
    for _ in range(150):
        ids.append(service.log_error(_raised()))
        clock.advance(1)

    recent = service.get_recent_errors(limit=120)

    assert [entry.id for entry in recent] == ids[:29:-1]


def test_statistics_count_by_class_name(
    service: ErrorLoggingService, clock: ManualClock
) -> None:
    """The result has exactly the two keys of the contract."""
    service.log_error(_raised())
    service.log_error(ValueError("bad"))
    service.log_error(NotFoundError("Item", 3))
    now = datetime.fromtimestamp(clock.now(), UTC)

    stats = service.get_error_stats(now, now + timedelta(minutes=1))

    assert stats == {
        "total_errors": 3,
        "error_types": {"OutOfStock": 1, "ValueError": 1, "NotFoundError": 1},
    }


def test_the_code_of_an_app_error_is_kept(service: ErrorLoggingService) -> None:
    """Entries of an AppError are grouped under its own code."""
    service.log_error(NotFoundError("Item", 3))
    service.get_recent_errors()

    assert [group.code for group in service._store.groups()] == ["NOT_FOUND"]


def test_a_user_id_that_cannot_be_read_costs_only_itself(
    service: ErrorLoggingService,
) -> None:
    """Whatever `__str__` does, the entry is kept."""

    class Unreadable:
        def __str__(self) -> str:
            raise RuntimeError

    service.log_error(ValueError("bad"), user_id=Unreadable())

    assert len(service.get_recent_errors()) == 1


def test_an_entry_that_cannot_be_kept_is_said(
    tmp_path: Path, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """A spool that cannot be written costs a CRITICAL line and raises nothing."""
    settings = read_settings({}, import_name="shop", instance_path="/x", environ={})
    folder = tmp_path / "spool"
    with closing(Spool(folder)) as spool:
        service = ErrorLoggingService(Recorder(settings, spool), store, lambda: None)
        shutil.rmtree(folder)
        folder.write_text("a file where the folder should be")

        error_id = service.log_error(ValueError("bad"))

    assert error_id is None
    assert [line.levelno for line in caplog.records] == [logging.CRITICAL]


@pytest.mark.parametrize("limit", [0, -5, 10**6])
def test_a_limit_out_of_range_is_refused(
    service: ErrorLoggingService, limit: int
) -> None:
    """The message says what is allowed."""
    with pytest.raises(ValueError, match="allowed: 1 to 10000"):
        service.get_recent_errors(limit)
