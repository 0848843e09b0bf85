"""Batches: one bad item does not sink the others, and the answer says which it was.

Owns how each item's failure becomes an error of its own, and the answer about all.
"""

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus
from operator import itemgetter
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

import msgspec
from flask import Response, current_app

from failwell.exceptions import AppError, ValidationError
from failwell.responses._mapping._http import is_answer
from failwell.responses._mapping._table import to_app_error
from failwell.responses._recording import is_recorded
from failwell.responses._rendering._json import strict_json
from failwell.responses._rendering._statuses import http_status
from failwell.responses._validation._asides import record_aside

Item = TypeVar("Item")
Value = TypeVar("Value")
Savepoint = Callable[[], AbstractContextManager[object]]


class Succeeded(NamedTuple, Generic[Value]):
    """An item that went through: its place, counted from 0, and what came of it."""

    index: int  # type: ignore[assignment]  # hides a method of tuples
    value: Value


class Failed(NamedTuple):
    """An item that failed: its place, counted from 0, and the error that answers it."""

    index: int  # type: ignore[assignment]  # hides a method of tuples
    error: AppError


@dataclass(slots=True)
class Attempts(Generic[Value]):
    """What `attempt_each` did: every item is in one of the two lists, in order."""

    succeeded: list[Succeeded[Value]] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    error_ids: dict[int, str] = field(default_factory=dict)
    """The ids of the failures that were recorded, by the item's place."""

    @property
    def all_succeeded(self) -> bool:
        """Whether nothing failed; true of no items at all."""
        return not self.failed

    def response(
        self,
        present: Callable[[Value], object] | None = None,
        *,
        success_status: int = 200,
    ) -> Response:
        """Return the answer that says of each item what became of it.

        Args:
            present: Makes the `value` of an entry out of what an item gave; by default
                it is that itself, a pydantic model as JSON.
            success_status: The status in the entry of an item that went through.

        Returns:
            `{"results": [{"index", "status", "value"} | {"index", "status", "error"}]}`
            with one entry an item, in order; `error` is the envelope's (`code`,
            `message`, `details`, and `id` when it was recorded). 200 when all
            succeeded, 207 when any failed, also when all did (RFC 4918, section 11.1).
        """
        present = present or _as_json
        entries: list[dict[str, Any]] = [
            {"index": i, "status": success_status, "value": present(value)}
            for i, value in self.succeeded
        ]
        entries += [
            {"index": i, "status": http_status(e), "error": self._error(i, e)}
            for i, e in self.failed
        ]
        entries.sort(key=itemgetter("index"))
        status = HTTPStatus.MULTI_STATUS if self.failed else HTTPStatus.OK
        return current_app.make_response(({"results": entries}, status))

    def _error(self, index: int, error: AppError) -> object:
        shown = error.to_dict()["error"]
        if index in self.error_ids:
            shown = {**shown, "id": self.error_ids[index]}
        # Details may hold anything; the application's own JSON would fail on it.
        return msgspec.json.decode(strict_json(shown))


def attempt_each(
    items: Iterable[Item],
    function: Callable[[Item], Value],
    *,
    all_or_nothing: bool = False,
    savepoint: Savepoint | None = None,
) -> Attempts[Value]:
    """Call `function` with each item; keep what succeeds, collect what fails.

    A failure becomes the `AppError` that a request would be answered with; what is
    recorded of requests is recorded of items. Only `Exception` is a failure:
    `KeyboardInterrupt` and its like go through at once, and so do redirects and
    `abort(response)`, which are answers. An error of the iterator itself is no item's.

    Args:
        items: A sequence, or any iterable; read one at a time.
        function: What to do with an item; no coroutine function.
        all_or_nothing: Whether the first failure ends it: its error is raised, so that
            the request fails, and failwell's handlers roll the sessions back.
        savepoint: Makes a context manager that is entered around each item, such as
            `db.session.begin_nested`: what a failing item did to the database is
            undone, and the next one finds the session usable.

    Returns:
        An `Attempts`: `succeeded`, `failed`, `all_succeeded`, `response()`.

    Raises:
        AppError: With `all_or_nothing`, that of the first failing item. Its details
            have `index`, the item's place; those of a `ValidationError` have the place
            in front of each path (`3.title`).
        TypeError: `function` is a coroutine function.
    """
    if inspect.iscoroutinefunction(function):
        message = "attempt_each() calls functions; await each item yourself"
        raise TypeError(message)
    attempts: Attempts[Value] = Attempts()
    for index, item in enumerate(items):
        try:
            with savepoint() if savepoint else nullcontext():
                value = function(item)
        except Exception as exception:
            if is_answer(exception):
                raise
            error = to_app_error(exception)
            if all_or_nothing:
                _raise_for(index, error, exception)
            _note(attempts, index, error, exception)
        else:
            attempts.succeeded.append(Succeeded(index, value))
    return attempts


def _note(
    attempts: Attempts[Any], index: int, error: AppError, exception: Exception
) -> None:
    attempts.failed.append(Failed(index, error))
    if not is_recorded(error):
        return
    happening = f"Item {index} of a batch failed: {error.code}"
    error_id = record_aside(exception, error.code, happening)
    if error_id is not None:
        attempts.error_ids[index] = error_id


def _raise_for(index: int, error: AppError, exception: Exception) -> NoReturn:
    # A copy: the function may raise one object again and again.
    placed = copy.copy(error)
    if isinstance(error, ValidationError):
        placed.details = dict(_placed(index, error))
    else:
        placed.details = {**error.details, "index": index}
    raise placed from exception


def _placed(index: int, error: ValidationError) -> Iterator[tuple[str, object]]:
    for path, problems in error.details.items():
        yield f"{index}.{path}", problems


def _as_json(value: object) -> object:
    names = {(cls.__module__, cls.__name__) for cls in type(value).__mro__}
    if ("pydantic.main", "BaseModel") in names:
        model: Any = value
        return model.model_dump(mode="json")
    return value
