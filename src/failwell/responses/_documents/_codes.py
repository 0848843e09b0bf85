"""From what is declared, a class or a code, to what the catalogue knows about it.

Owns which declarations are allowed, and the sentence that another is refused with.
"""

import difflib
from dataclasses import replace
from functools import cache
from http import HTTPStatus

from werkzeug.exceptions import HTTPException

from failwell.catalog import CATALOG, CatalogEntry, status_code_name, status_phrase
from failwell.exceptions import AppError
from failwell.responses._rendering._statuses import is_error_status

Declared = type[AppError] | str

_ALLOWED = "@raises takes subclasses of AppError and codes of the catalogue"


def check(declared: object) -> None:
    """Return when `declared` says which code and status an error has.

    Raises:
        TypeError: It is neither such a class nor a text.
        ValueError: It is a code that nobody described.
    """
    if isinstance(declared, str):
        _check_code(declared)
    elif isinstance(declared, type) and issubclass(declared, AppError):
        _check_class(declared)
    else:
        message = f"{_ALLOWED}; {_mistake(declared)}"
        raise TypeError(message)


def entry_of(declared: Declared) -> CatalogEntry:
    """Return the entry of a declaration; one made of its status where there is none.

    Raises:
        ValueError: It is a code that nobody described.
    """
    if isinstance(declared, str):
        _check_code(declared)
        return CATALOG.get(declared) or _bare(declared, _statuses()[declared])
    entry = CATALOG.get(declared.code)
    if entry is None:
        bare = _bare(declared.code, declared.status_code)
        return replace(bare, retryable=declared.retryable, error=declared)
    if not _declares(declared, "status_code"):
        return entry
    return replace(entry, status=declared.status_code, error=entry.error or declared)


def code_of(declared: Declared) -> str:
    """Return the code of a declaration."""
    return declared if isinstance(declared, str) else declared.code


def code_of_status(status: int) -> str:
    """Return the code that an error has of which only its status is known.

    As the contract of the answers has it: that of an `HTTPException`.
    """
    if status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return "INTERNAL_ERROR"
    return status_code_name(status)


@cache
def _statuses() -> dict[str, int]:
    """Return the statuses by the codes that are their phrases."""
    return {
        status_code_name(status): status.value
        for status in HTTPStatus
        if is_error_status(status.value)
    }


def _bare(code: str, status: int) -> CatalogEntry:
    phrase = status_phrase(status)
    return CatalogEntry(
        code=code, title=phrase, status=status, meaning=f"{phrase}.", remedy=""
    )


def _check_code(code: str) -> None:
    if CATALOG.get(code) is not None or code in _statuses():
        return
    known = [*(entry.code for entry in CATALOG), *_statuses()]
    near = difflib.get_close_matches(code.upper(), known, n=1)
    hint = (
        f"did you mean {near[0]!r}?"
        if near
        else "add it before with CATALOG.add(CatalogEntry(...))"
    )
    message = f"{_ALLOWED}; {code!r} is not in the catalogue: {hint}"
    raise ValueError(message)


def _check_class(kind: type[AppError]) -> None:
    if kind is AppError:
        message = (
            f"{_ALLOWED}; AppError itself would declare everything: name its kinds"
        )
        raise TypeError(message)
    described = CATALOG.get(kind.code) is not None
    complete = _declares(kind, "code") and (described or _declares(kind, "status_code"))
    if complete and is_error_status(kind.status_code):
        return
    message = (
        f"{_ALLOWED} that say what they answer with; declare `code` and"
        f" `status_code`, 400 to 599, as attributes of {kind.__name__}"
    )
    raise TypeError(message)


def _declares(kind: type[AppError], name: str) -> bool:
    mro = kind.__mro__
    return any(name in vars(base) for base in mro[: mro.index(AppError)])


def _mistake(declared: object) -> str:
    if isinstance(declared, AppError):
        name = type(declared).__name__
        return f"give {name} itself, without calling it"
    if isinstance(declared, type) and issubclass(declared, HTTPException):
        code = status_code_name(declared.code) if declared.code else "a code"
        return f"give {code!r} for {declared.__name__}"
    name = getattr(declared, "__name__", None) or repr(declared)
    return f"{name} is neither"
