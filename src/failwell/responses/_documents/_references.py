"""Which components of an OpenAPI document are referred to, and from where on."""

from collections.abc import Iterator
from typing import Any

_COMPONENTS = "#/components/"

Place = tuple[str, str]
"""Such as ("schemas", "Room")."""


def reachable(document: dict[str, Any]) -> set[Place]:
    """Return the components that the rest of the document leads to, however far."""
    components = document.get("components", {})
    waiting = {
        place
        for name, part in document.items()
        if name != "components"
        for place in _references(part)
    }
    found: set[Place] = set()
    while waiting:
        kind, name = place = waiting.pop()
        found.add(place)
        component = components.get(kind, {}).get(name)
        waiting |= set(_references(component)) - found
    return found


def remove(document: dict[str, Any], places: set[Place]) -> None:
    """Take components out of the document; what is not there is left out."""
    for kind, name in places:
        document.get("components", {}).get(kind, {}).pop(name, None)


def _references(part: object) -> Iterator[Place]:
    if isinstance(part, dict):
        target = part.get("$ref")
        if isinstance(target, str) and target.startswith(_COMPONENTS):
            kind, _, name = target.removeprefix(_COMPONENTS).partition("/")
            yield kind, name
        for inner in part.values():
            yield from _references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from _references(inner)
