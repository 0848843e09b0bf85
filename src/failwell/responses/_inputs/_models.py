"""What the readers validate with: pydantic or marshmallow, behind one interface.

Owns what may be passed as a model, and imports a library only for a model of it.
"""

import functools
from collections.abc import Mapping
from typing import Any, Protocol, cast, get_origin

from failwell.responses._inputs._properties import Property, properties_of
from failwell.responses._validation._from_marshmallow import (
    from_marshmallow,
)
from failwell.responses._validation._from_pydantic import from_pydantic
from failwell.responses._validation._problems import Location

_SCHEMA = ("marshmallow.schema", "Schema")
_ALLOWED = "a pydantic model class, a type such as list[int], or a marshmallow schema"


class Model(Protocol):
    """What validates one part of a request."""

    @property
    def properties(self) -> tuple[Property, ...]:
        """The fields it declares; none when it takes any."""

    def load_json(self, raw: bytes, document: object) -> object:
        """Return the validated body; `document` is what `raw` says."""

    def load(self, values: Mapping[str, object], location: Location) -> object:
        """Return the validated parameters, all of which are texts."""


def model_of(kind: object, reader: str) -> Model:
    """Return what validates with `kind`.

    Raises:
        TypeError: It is nothing to validate with; says what is, and names the reader.
        Exception: It is a type that pydantic cannot validate; pydantic says why.
    """
    if _is_schema(kind if isinstance(kind, type) else type(kind)):
        return SchemaModel(cast("Any", kind)() if isinstance(kind, type) else kind)
    if kind is None or isinstance(kind, str):
        raise TypeError(_refusal(kind, reader))
    try:
        return _remembered(repr(kind), kind) if _has_hash(kind) else TypedModel(kind)
    except Exception as error:
        # What is missing in a type, or pydantic itself, its own message says best.
        if isinstance(kind, type) or get_origin(kind) or isinstance(error, ImportError):
            raise
        raise TypeError(_refusal(kind, reader)) from error


class TypedModel:
    """A type, validated by pydantic.

    Args:
        kind: What a `pydantic.TypeAdapter` takes.

    Raises:
        Exception: It is none; pydantic has many ways to say so.
    """

    def __init__(self, kind: Any) -> None:  # noqa: ANN401 - a type or a special form
        import pydantic  # noqa: PLC0415 - only for a model that needs it

        self._invalid = pydantic.ValidationError
        self._adapter: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(kind)

    @functools.cached_property
    def properties(self) -> tuple[Property, ...]:
        """The fields it declares, by the names in which they are sent."""
        return properties_of(self._adapter)

    def load_json(self, raw: bytes, document: object) -> object:
        """Return the validated body, by pydantic's rules for JSON."""
        try:
            return self._adapter.validate_json(raw)
        except self._invalid as error:
            raise from_pydantic(error, document=document) from None

    def load(self, values: Mapping[str, object], location: Location) -> object:
        """Return the validated parameters, also with a strict model: all is text."""
        try:
            return self._adapter.validate_python(dict(values), strict=False)
        except self._invalid as error:
            raise from_pydantic(error, location=location, document=values) from None


class SchemaModel:
    """A marshmallow schema.

    Args:
        schema: An instance.
    """

    def __init__(self, schema: Any) -> None:  # noqa: ANN401 - of a library that may be missing
        from marshmallow import ValidationError  # noqa: PLC0415 - there is its schema

        self._schema, self._invalid = schema, ValidationError
        self.properties = tuple(
            Property(field.data_key or name, is_list=_is_list(type(field)))
            for name, field in schema.load_fields.items()
        )

    def load_json(self, raw: bytes, document: object) -> object:  # noqa: ARG002 - the other model reads the bytes
        """Return what the schema makes of the document."""
        return self._load(document, "body")

    def load(self, values: Mapping[str, object], location: Location) -> object:
        """Return what the schema makes of the parameters."""
        return self._load(values, location)

    def _load(self, data: object, location: Location) -> object:
        try:
            return self._schema.load(data)
        except self._invalid as error:
            raise from_marshmallow(error, location=location) from None


# By the text as well: `int | str` equals `str | int`, but validates in another order.
@functools.lru_cache(maxsize=256)
def _remembered(text: str, kind: Any) -> TypedModel:  # noqa: ANN401, ARG001 - see above
    return TypedModel(kind)


def _has_hash(kind: object) -> bool:
    try:
        hash(kind)
    except TypeError:
        return False
    return True


def _refusal(kind: object, reader: str) -> str:
    given = f"an instance of {type(kind).__qualname__}"
    hint = ": pass the class" if _is_pydantic_instance(kind) else ""
    return f"{reader}() takes {_ALLOWED}; this is {given}{hint}"


def _is_pydantic_instance(kind: object) -> bool:
    return _descends_from(type(kind), ("pydantic.main", "BaseModel"))


def _is_schema(kind: type) -> bool:
    return _descends_from(kind, _SCHEMA)


def _is_list(kind: type) -> bool:
    fields = "marshmallow.fields"
    return any(_descends_from(kind, (fields, name)) for name in ("List", "Tuple"))


def _descends_from(kind: type, name: tuple[str, str]) -> bool:
    return name in {(cls.__module__, cls.__name__) for cls in kind.__mro__}
