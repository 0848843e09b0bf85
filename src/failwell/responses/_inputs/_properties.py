"""The fields that a model of pydantic declares, as a client would send them.

Owns how they are found: in the model's JSON schema, which knows aliases, references
and every kind of class that pydantic takes.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import pydantic

Schema = Mapping[str, Any]


class Property(NamedTuple):
    """One field: its name, and whether it takes several values."""

    name: str
    is_list: bool


def properties_of(adapter: "pydantic.TypeAdapter[Any]") -> tuple[Property, ...]:
    """Return the fields; none where the model takes any, or has no JSON schema."""
    from pydantic.errors import PydanticUserError  # noqa: PLC0415 - there is an adapter
    from pydantic.json_schema import GenerateJsonSchema  # noqa: PLC0415 - as above

    class Silent(GenerateJsonSchema):
        """Warns of nothing: what it makes is not shown to anybody."""

        def emit_warning(self, kind: Any, detail: str) -> None:  # noqa: ANN401 - a literal of pydantic's
            """Keep quiet."""

    try:
        schema = adapter.json_schema(schema_generator=Silent)
    except PydanticUserError:
        return ()
    definitions = schema.get("$defs", {})
    fields = _resolved(schema, definitions).get("properties", {})
    return tuple(Property(n, _is_list(s, definitions)) for n, s in fields.items())


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    found: Schema = definitions.get(name, schema)
    return found


def _is_list(schema: Schema, definitions: Schema) -> bool:
    resolved = _resolved(schema, definitions)
    if resolved.get("type") == "array":
        return True
    branches = [b for key in ("anyOf", "oneOf", "allOf") for b in resolved.get(key, ())]
    return any(_resolved(b, definitions).get("type") == "array" for b in branches)
