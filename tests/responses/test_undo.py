"""Compensations: in reverse order, all of them, and only when the block fails."""

import asyncio
import functools
import logging
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from failwell import Undo
from failwell.responses import register_error_handlers

if TYPE_CHECKING:
    from tests.responses.conftest import KeptAnswers

Done = list[str]


def _fail(error: BaseException) -> None:
    raise error


def _work(error: BaseException, *steps: tuple[Any, ...]) -> None:
    """Push each step, then fail."""
    with Undo() as undo:
        for function, *args in steps:
            undo.push(function, *args)
        raise error


def test_success_undoes_nothing() -> None:
    """What was pushed is forgotten when the block ends well."""
    done: Done = []

    with Undo() as undo:
        undo.push(done.append, "cancel")

    assert done == []


def test_a_block_that_is_left_early_has_ended_well() -> None:
    """`return` is no failure."""
    done: Done = []

    def work() -> str:
        with Undo() as undo:
            undo.push(done.append, "cancel")
            return "early"

    assert work() == "early"
    assert done == []


@pytest.mark.parametrize(
    "error", [KeyError("x"), KeyboardInterrupt(), SystemExit(3), GeneratorExit()]
)
def test_a_failure_undoes_the_last_step_first(error: BaseException) -> None:
    """By whatever exception the block ends, and that one goes on unchanged."""
    done: Done = []

    with pytest.raises(type(error)) as caught:
        _work(error, (done.append, "first"), (done.append, "second"))

    assert done == ["second", "first"]
    assert caught.value is error
    assert error.__context__ is None


def test_arguments_are_those_of_the_push() -> None:
    """By position and by keyword, any of any name."""
    done: list[object] = []

    def cancel(*args: object, **kwargs: object) -> None:
        done.append((args, kwargs))

    def work() -> None:
        with Undo() as undo:
            undo.push(cancel, 1, function=2, self=3)
            raise OSError("x")

    with pytest.raises(OSError, match="x"):
        work()

    assert done == [((1,), {"function": 2, "self": 3})]


def test_a_failing_compensation_stops_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Outside of Flask its error is logged; the first one goes on."""
    done: Done = []

    with (
        caplog.at_level(logging.ERROR, "failwell"),
        pytest.raises(KeyError, match="the cause"),
    ):
        _work(
            KeyError("the cause"),
            (done.append, "first"),
            (_fail, ValueError("not undone")),
            (done.append, "last"),
        )

    assert done == ["last", "first"]
    (record,) = caplog.records
    assert record.getMessage() == "_fail failed to undo its step"
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError


def test_a_failing_compensation_is_recorded(recorder: "KeptAnswers") -> None:
    """In a request by the application's recorder, beside the error of the answer."""
    app = Flask("backend")
    register_error_handlers(app, recorder)
    failure, cause = ValueError("not undone"), KeyError("the cause")

    @app.get("/")
    def view() -> str:
        with Undo() as undo:
            undo.push(_fail, failure)
            raise cause

    answer = app.test_client().get("/")

    assert answer.status_code == 500
    assert [error for error, _ in recorder.captured] == [failure, cause]


def test_an_interruption_while_undoing_ends_nothing_early() -> None:
    """The others still run; then it goes on, with the first error in its context."""
    done: Done = []
    cause = KeyError("the cause")

    with pytest.raises(KeyboardInterrupt) as caught:
        _work(cause, (done.append, "first"), (_fail, KeyboardInterrupt()))

    assert done == ["first"]
    assert caught.value.__context__ is cause


def test_pushing_outside_of_the_block_is_refused() -> None:
    """Nothing would ever call it."""
    undo = Undo()

    with pytest.raises(RuntimeError, match="with Undo"):
        undo.push(print)
    with undo:
        pass
    with pytest.raises(RuntimeError, match="with Undo"):
        undo.push(print)


def test_one_stack_serves_one_block_at_a_time() -> None:
    """Blocks inside of each other have stacks of their own; one after another may not."""
    undo = Undo()

    with undo, pytest.raises(RuntimeError, match="one for each block"), undo:
        """Never entered."""
    with undo:
        undo.push(print)


@pytest.mark.parametrize("wrong", [None, "cancel", 7])
def test_what_cannot_be_called_is_refused_at_once(wrong: object) -> None:
    """Not only when it is needed."""
    with Undo() as undo, pytest.raises(TypeError, match="takes a function"):
        undo.push(wrong)  # type: ignore[arg-type]  # that is the point


def test_a_coroutine_function_needs_an_async_block(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Said at the push where it can be seen, else recorded when it was called."""

    async def cancel() -> None:
        """Do nothing."""

    with Undo() as undo, pytest.raises(TypeError, match="async with"):
        undo.push(functools.partial(cancel))
    with (
        caplog.at_level(logging.ERROR, "failwell"),
        pytest.raises(KeyError),
    ):
        _work(KeyError(), (lambda: cancel(),))  # noqa: PLW0108 - hides that it is one

    assert caplog.records[0].exc_info is not None
    assert "must be awaited" in str(caplog.records[0].exc_info[1])


def test_async_compensations_are_awaited_in_order(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Coroutine functions and plain ones, failing ones too."""
    done: Done = []

    async def cancel(name: str) -> None:
        """Undo one step."""
        await asyncio.sleep(0)
        done.append(name)

    async def fail() -> None:
        """Fail to undo."""
        await asyncio.sleep(0)
        raise ValueError("not undone")

    async def work() -> None:
        """Work in a block."""
        async with Undo() as undo:
            undo.push(cancel, "first")
            undo.push(done.append, "second")
            undo.push(fail)
            undo.push(lambda: cancel("last"))
            raise KeyError("the cause")

    with (
        caplog.at_level(logging.ERROR, "failwell"),
        pytest.raises(KeyError, match="the cause"),
    ):
        asyncio.run(work())

    assert done == ["last", "second", "first"]
    assert len(caplog.records) == 1


def test_a_cancelled_task_undoes_its_steps() -> None:
    """`CancelledError` is no Exception; it goes on, so that the task is cancelled."""
    done: Done = []

    async def cancel(name: str) -> None:
        """Undo one step."""
        await asyncio.sleep(0)
        done.append(name)

    async def work(begun: asyncio.Event) -> None:
        """Work in a block."""
        async with Undo() as undo:
            undo.push(cancel, "seat")
            begun.set()
            await asyncio.Event().wait()

    async def main() -> bool:
        """Run and cancel."""
        begun = asyncio.Event()
        task = asyncio.create_task(work(begun))
        await begun.wait()
        task.cancel()
        await asyncio.wait([task])
        return task.cancelled()

    assert asyncio.run(main())
    assert done == ["seat"]


def test_async_success_undoes_nothing() -> None:
    """As without async."""
    done: Done = []

    async def work() -> None:
        """Work in a block."""
        async with Undo() as undo:
            undo.push(done.append, "cancel")

    asyncio.run(work())

    assert done == []
