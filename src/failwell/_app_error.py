"""`AppError`, the root of the tree in `exceptions`, which is where it is imported from.

Owns what every error carries. Imports nothing of ours.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

Headers = tuple[tuple[str, str], ...]

_CODE, _STATUS = "INTERNAL_ERROR", 500
"""Of an error whose class declares nothing and that is given nothing."""


class AppError(Exception):
    """An error with a code, a status and details that a client may see.

    Everything given here reaches the client: put no secret, path or SQL into it.

    A subclass declares `code` and `status_code` as attributes of the class and leaves
    them out of its `__init__`: what is declared stands where an argument is missing or
    has its default. So `@raises` and the OpenAPI document know them without an error.

    Args:
        message: A sentence for the client.
        code: A stable name in capitals, documented in the catalogue.
        status_code: The HTTP status, 400 to 599.
        details: Facts about this occurrence; JSON types.
    """

    # Where it is found, in tracebacks and in what is pickled.
    __module__ = "failwell.exceptions"

    code: str = _CODE
    """What a subclass declares as its code; that of the occurrence on an error."""

    status_code: int = _STATUS
    """What a subclass declares as its status; that of the occurrence on an error."""

    retryable: ClassVar[bool] = False
    """Whether the same request may succeed later without being changed."""

    record: ClassVar[bool | None] = None
    """Whether failwell records it; None decides by status (500 and above are)."""

    fingerprint: str | Sequence[str] = ()
    """Which group it belongs to; empty: that of its code, type and place."""

    def __init__(
        self,
        message: str,
        code: str = _CODE,
        status_code: int = _STATUS,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = type(self).code if code == _CODE else code
        self.status_code = (
            type(self).status_code if status_code == _STATUS else status_code
        )
        self.details: dict[str, Any] = dict(details) if details else {}

    def __str__(self) -> str:
        # Not the arguments: a handler may reword the message on the way up.
        return str(self.message)

    @property
    def headers(self) -> Headers:
        """The response headers that belong to this error, as (name, value) pairs."""
        return ()

    def to_dict(self) -> dict[str, Any]:
        """Return `{"error": {"code", "message", "details"}}`, the default body."""
        facts = {"code": self.code, "message": self.message, "details": self.details}
        return {"error": facts}

    def __reduce__(self) -> tuple[Any, ...]:
        # The default would call the class with the message alone, which fits none of
        # the subclasses: errors must survive process pools and task queues.
        return (_rebuild, (type(self), self.args, self.__dict__.copy()))


def _rebuild(
    cls: type[AppError], args: tuple[Any, ...], state: dict[str, Any]
) -> AppError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error
