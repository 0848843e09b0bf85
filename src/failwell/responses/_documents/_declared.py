"""Under test: an error that leaves a view without being declared fails the test.

Owns what counts as declared. Refuses to look at anything but an `AppError` that comes
out of a view which carries `@raises`.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, has_request_context, request

from failwell.exceptions import AppError
from failwell.responses._documents._codes import Declared, code_of
from failwell.responses._documents._raises import declared_errors

_ALWAYS = "INTERNAL_ERROR"


class UndeclaredError(AssertionError):
    """A view answered with an error that its `@raises` does not name."""


def check_declared(view_function: Callable[..., Any], error: BaseException) -> None:
    """Return when the view declares `error`, or declares nothing at all.

    What was raised before the view was called, in a `before_request`, is not the
    view's. Neither is an `HTTPException`, nor anything else that is no `AppError` by
    itself, whatever it is answered as.

    Args:
        view_function: As `app.view_functions` has it.
        error: What came out, with its traceback.

    Raises:
        UndeclaredError: The view carries `@raises` and names neither the error's class,
            nor one of its base classes, nor its code; says what to add.
    """
    if not isinstance(error, AppError) or _is_from_before(error):
        return
    method = request.method if has_request_context() else None
    declared = declared_errors(view_function, method)
    if declared and not any(_covers(each, error) for each in (*declared, _ALWAYS)):
        raise UndeclaredError(_sentence(view_function, error))


def _covers(declared: Declared, error: AppError) -> bool:
    if isinstance(declared, type) and isinstance(error, declared):
        return True
    return code_of(declared) == error.code


def _sentence(view_function: Callable[..., Any], error: AppError) -> str:
    name = getattr(view_function, "__name__", "view")
    if has_request_context() and request.endpoint:
        name = request.endpoint
    kind = type(error)
    missing = f'"{error.code}"' if kind is AppError else kind.__name__
    return (
        f'view "{name}" answered {error.code}, which it does not declare:'
        f" add {missing} to its @raises(...)"
    )


def _is_from_before(error: AppError) -> bool:
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code is Flask.preprocess_request.__code__:
            return True
        trace = trace.tb_next
    return False
