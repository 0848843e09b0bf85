"""Which exceptions say that an input does not validate, whoever found it out.

Owns that part of the one table: pydantic, marshmallow, and webargs' HTTP exceptions.
They are recognised by name, so that none of them is imported.
"""

import functools
from collections.abc import Hashable, Mapping
from typing import Any, cast

from werkzeug.exceptions import HTTPException

from failwell.exceptions import ValidationError

_LIBRARIES = {
    ("pydantic_core._pydantic_core", "ValidationError"): "pydantic",
    ("marshmallow.exceptions", "ValidationError"): "marshmallow",
}
# What webargs answers with, unless a view chose another status.
_STATUSES = (400, 422)


# The translations are loaded with the first such error: `import failwell` has no time.
def classify_validation(error: BaseException) -> ValidationError | None:
    """Return the answer to what a validation library raised, None to all else.

    An HTTP exception of webargs, 422 or 400, is answered by what it carries.
    """
    library = _library(type(error))
    found = cast("Any", error)
    if library == "pydantic":
        from failwell.responses._validation._from_pydantic import (  # noqa: PLC0415 - see above
            from_pydantic,
        )
        from failwell.responses._validation._sent import document_for  # noqa: PLC0415 - as above

        return from_pydantic(found, document=document_for(found))
    if library == "marshmallow":
        from failwell.responses._validation._from_marshmallow import (  # noqa: PLC0415 - as above
            from_marshmallow,
        )

        return from_marshmallow(found)
    return _of_webargs(error) if isinstance(error, HTTPException) else None


def _of_webargs(error: HTTPException) -> ValidationError | None:
    cause, data = getattr(error, "exc", None), getattr(error, "data", None)
    messages = data.get("messages") if isinstance(data, Mapping) else None
    of_the_input = isinstance(cause, ValueError) or _library(type(cause))
    if error.code not in _STATUSES or not of_the_input:
        return None
    if not isinstance(messages, Mapping):
        return None
    from failwell.responses._validation._from_webargs import from_webargs  # noqa: PLC0415 - as above

    return from_webargs(messages, getattr(cause, "data", None))


def _library(kind: type) -> str:
    return _library_of(cast("Hashable", kind))


# Asked for every exception that nobody foresaw, so remembered by class.
@functools.lru_cache(maxsize=512)
def _library_of(kind: Hashable) -> str:
    names = ((cls.__module__, cls.__name__) for cls in cast("type", kind).__mro__)
    return next((_LIBRARIES[name] for name in names if name in _LIBRARIES), "")
