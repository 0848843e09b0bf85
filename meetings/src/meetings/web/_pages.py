"""Pages of a list, by keyset: the cursor holds the sort key of the last item seen."""

import base64
import binascii
from collections.abc import Sequence
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, Field

from failwell import ValidationError
from meetings.web._fields import LARGEST_ID, Query

Item = TypeVar("Item", bound=BaseModel)


class PageQuery(Query):
    """Which part of a list is wanted."""

    limit: Annotated[int, Field(ge=1, le=200)] = 50
    cursor: Annotated[str, Field(max_length=100)] | None = Field(
        None, description="`next_cursor` of the page before"
    )


class Page(BaseModel, Generic[Item]):
    """A part of a list."""

    items: list[Item]
    next_cursor: str | None = Field(
        description="Where the next page starts; null on the last one"
    )


def read_cursor(cursor: str, size: int) -> tuple[int, ...]:
    """Return the numbers in a cursor that `write_cursor` made.

    Raises:
        ValidationError: It is none of ours.
    """
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
        key = tuple(int(part) for part in text.split(","))
    except (ValueError, binascii.Error):
        key = ()
    if len(key) != size or any(abs(part) > LARGEST_ID for part in key):
        problem = {
            "code": "cursor",
            "message": "Not a `next_cursor` of this list",
            "parameter": "cursor",
        }
        raise ValidationError(details={"cursor": [problem]})
    return key


def write_cursor(key: Sequence[int]) -> str:
    """Return the numbers as a text that fits into an address."""
    text = ",".join(map(str, key))
    return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii")


def cut(rows: Sequence[Any], limit: int) -> tuple[Sequence[Any], Any | None]:
    """Return the page out of `limit + 1` rows, and its last row if more follow."""
    page = rows[:limit]
    return page, page[-1] if len(rows) > limit else None
