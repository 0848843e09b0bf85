"""What a client sent, validated: the body, the query, the path and the headers.

Owns how the parts of a request are read. What is wrong with them is `ValidationError`,
of 400 and in one shape, whichever library found it out.
"""

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias, TypeVar, overload

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from failwell.responses._inputs._document import read_json
from failwell.responses._inputs._models import Model, model_of
from failwell.responses._inputs._properties import Property
from failwell.responses._validation._problems import header_name

T = TypeVar("T")
Validated: TypeAlias = Any
"""What a model makes of its input, where a type checker cannot tell."""


class SchemaLike(Protocol):
    """A marshmallow schema, as far as a type checker has to tell it from a type."""

    def load(self, data: Any) -> Validated:  # noqa: ANN401 - as marshmallow has it
        """Validate and return."""

    def dump(self, obj: Any) -> Validated:  # noqa: ANN401 - as marshmallow has it
        """Serialize and return."""


@overload
def read_body(model: type[SchemaLike] | SchemaLike) -> Validated: ...
@overload
def read_body(model: type[T]) -> T: ...
@overload
def read_body(model: object) -> Validated: ...
def read_body(model: object) -> Validated:
    """Return the JSON body of the current request, validated by `model`.

    The JSON is read strictly: NaN, names that an object has twice, and texts that are
    no Unicode are refused, so that every reader of the body sees the same.

    Args:
        model: A pydantic model class; any other type that pydantic validates, such as
            `list[int]`; or a marshmallow schema, its class or an instance.

    Returns:
        What the model makes of the body: an instance, or a marshmallow schema's dict.

    Raises:
        ValidationError: It is no JSON, or does not validate; names every field, and
            `body` where all of it is meant. Never repeats what was sent.
        UnsupportedMediaType: It is something else than JSON (415).
        RequestEntityTooLarge: It exceeds `MAX_CONTENT_LENGTH` (413); without a
            `Content-Length`, it reaches it.
        TypeError: `model` is nothing to validate with.
    """
    reader = model_of(model, "read_body")
    raw = _raw_json()
    return reader.load_json(raw, read_json(raw))


@overload
def read_query(model: type[SchemaLike] | SchemaLike) -> Validated: ...
@overload
def read_query(model: type[T]) -> T: ...
@overload
def read_query(model: object) -> Validated: ...
def read_query(model: object) -> Validated:
    """Return the query of the current request's address, validated by `model`.

    A field that takes several values gets all, also where one is given. A parameter
    that is given twice for a field that takes one does not validate.

    Args:
        model: As for `read_body`; strict models read texts all the same.

    Raises:
        ValidationError: It does not validate; names every parameter, and `query`
            where all of it is meant.
        TypeError: `model` is nothing to validate with.
    """
    reader = model_of(model, "read_query")
    lists = {field.name for field in reader.properties if field.is_list}
    given = request.args.to_dict(flat=False)
    values = {
        name: several if name in lists or len(several) > 1 else several[0]
        for name, several in given.items()
    }
    return reader.load(values, "query")


@overload
def read_path(model: type[SchemaLike] | SchemaLike) -> Validated: ...
@overload
def read_path(model: type[T]) -> T: ...
@overload
def read_path(model: object) -> Validated: ...
def read_path(model: object) -> Validated:
    """Return the variables of the current request's route, validated by `model`.

    Args:
        model: As for `read_body`. Gets what the route's converters made of them.

    Raises:
        ValidationError: They do not validate; names every variable, and `path` where
            all of them are meant.
        TypeError: `model` is nothing to validate with.
    """
    reader = model_of(model, "read_path")
    return reader.load(request.view_args or {}, "path")


@overload
def read_headers(model: type[SchemaLike] | SchemaLike) -> Validated: ...
@overload
def read_headers(model: type[T]) -> T: ...
@overload
def read_headers(model: object) -> Validated: ...
def read_headers(model: object) -> Validated:
    """Return the headers of the current request, validated by `model`.

    The field `x_api_version`, or one with that alias, is the header `X-Api-Version`;
    headers that the model does not declare are left out. A field that takes several
    values gets what stands between the commas (RFC 9110, section 5.3). A model that
    declares no fields, such as `dict[str, str]`, gets every header, in lower case.

    Args:
        model: As for `read_body`; strict models read texts all the same.

    Raises:
        ValidationError: They do not validate; names every header, and `headers` where
            all of them are meant.
        TypeError: `model` is nothing to validate with.
    """
    reader = model_of(model, "read_headers")
    return reader.load(_headers_for(reader), "headers")


def _headers_for(reader: Model) -> Mapping[str, object]:
    sent = request.headers
    if not reader.properties:
        return {name.lower(): value for name, value in sent.items()}
    found = ((field, sent.get(header_name(field.name))) for field in reader.properties)
    return {field.name: _parted(field, v) for field, v in found if v is not None}


def _parted(field: Property, value: str) -> object:
    return [part.strip() for part in value.split(",")] if field.is_list else value


def _raw_json() -> bytes:
    raw = request.get_data()
    # Werkzeug cuts a body of unknown length at the limit, without a word.
    most = request.max_content_length
    if request.content_length is None and most is not None and len(raw) >= most:
        raise RequestEntityTooLarge
    if raw and not request.is_json:
        message = "Send JSON, with the header Content-Type: application/json"
        raise UnsupportedMediaType(message)
    return raw
