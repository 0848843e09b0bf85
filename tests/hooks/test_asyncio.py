"""Exceptions of asyncio's tasks and callbacks."""

import asyncio
import gc
import logging

from flask import Flask
from tests.hooks.conftest import MakeApp, origins

from failwell.testing import recorded_errors

_logger = logging.getLogger("worker")


async def _fail() -> None:
    raise ValueError("boom")


def _forget_a_task() -> None:
    async def main() -> None:
        """Run in the loop."""
        task = asyncio.create_task(_fail())
        await asyncio.sleep(0)
        del task
        gc.collect()

    asyncio.run(main())
    gc.collect()


def test_a_task_whose_exception_nobody_took_is_recorded(app: Flask) -> None:
    """When asyncio finds out."""
    _forget_a_task()

    (record,) = recorded_errors(app)
    assert origins(app) == ["task"]
    assert record.exceptions[0].frames[-1].function == "_fail"
    assert "never retrieved" in record.context["line"]


def test_a_callback_that_fails_is_recorded(app: Flask) -> None:
    """The loop goes on."""

    async def main() -> None:
        """Run in the loop."""
        asyncio.get_running_loop().call_soon(lambda: 1 / 0)
        await asyncio.sleep(0.001)

    asyncio.run(main())

    assert origins(app) == ["task"]


def test_a_task_that_is_awaited_is_its_waiters_affair(app: Flask) -> None:
    """Nothing is recorded unless it is raised further."""

    async def main() -> None:
        """Run in the loop."""
        results = await asyncio.gather(_fail(), return_exceptions=True)
        assert isinstance(results[0], ValueError)

    asyncio.run(main())
    gc.collect()

    assert origins(app) == []


def test_what_the_task_logged_is_recorded_once(app: Flask) -> None:
    """Though nobody took it either."""

    async def work() -> None:
        """Log and fail."""
        try:
            await _fail()
        except ValueError:
            _logger.exception("It broke")
            raise

    async def main() -> None:
        """Run in the loop."""
        task = asyncio.create_task(work())
        await asyncio.sleep(0)
        del task

    asyncio.run(main())
    gc.collect()

    assert origins(app) == ["log"]


def test_a_cancelled_task_is_no_error(app: Flask) -> None:
    """Somebody asked for it."""

    async def main() -> None:
        """Run in the loop."""
        task = asyncio.create_task(asyncio.sleep(3600))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    gc.collect()

    assert origins(app) == []


def test_the_request_that_is_served_meanwhile_has_nothing_to_do_with_it(
    app: Flask,
) -> None:
    """The garbage collector tells asyncio in whatever code runs just then."""

    @app.get("/")
    def view() -> str:
        _forget_a_task()
        return "fine"

    assert app.test_client().get("/").text == "fine"

    (record,) = recorded_errors(app)
    assert (record.origin, record.request, record.request_id) == ("task", None, None)


def test_a_task_of_an_async_view_that_the_view_awaits_is_the_requests(
    app: Flask,
) -> None:
    """Logged in the task, raised by the view, answered: once."""

    async def work() -> None:
        """Log and fail."""
        try:
            await _fail()
        except ValueError:
            _logger.exception("It broke")
            raise

    @app.get("/")
    async def view() -> str:
        """Wait for the task."""
        await asyncio.gather(work(), asyncio.sleep(0))
        return "fine"

    answer = app.test_client().get("/")
    gc.collect()

    (record,) = recorded_errors(app)
    assert origins(app) == ["log"]
    assert answer.json["error"]["id"] == record.id
    assert record.request is not None


def test_it_can_be_switched_off_by_itself(make_app: MakeApp) -> None:
    """And is independent of the level for log lines."""
    app = make_app(FAILWELL_HOOKS_LOGGING="OFF")
    _forget_a_task()
    assert origins(app) == ["task"]

    app = make_app(FAILWELL_HOOKS_ASYNCIO=False)
    _forget_a_task()
    assert origins(app) == []
