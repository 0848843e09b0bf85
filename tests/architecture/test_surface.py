"""The public names: what a room lists is there, sorted, and all that is visible."""

import importlib
import pkgutil
from types import ModuleType

import pytest

import failwell
import meetings

ROOMS = sorted(
    module.name
    for package in (failwell, meetings)
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    if module.ispkg and not any(part.startswith("_") for part in module.name.split("."))
)


def _in_order(name: str) -> tuple[bool, bool, str]:
    """Constants, then classes, then the rest, as the linter sorts `__all__`."""
    return not name.isupper(), not name[:1].isupper(), name


def _visible(module: ModuleType) -> set[str]:
    return {
        name
        for name in dir(module)
        if not name.startswith("_")
        and not isinstance(getattr(module, name), ModuleType)
    }


@pytest.mark.parametrize("name", ["failwell", *ROOMS])
def test_a_room_lists_names_that_are_there_in_order(name: str) -> None:
    """`__all__` is sorted and each name in it can be had."""
    room = importlib.import_module(name)

    assert list(room.__all__) == sorted(room.__all__, key=_in_order)
    assert [listed for listed in room.__all__ if not hasattr(room, listed)] == []


@pytest.mark.parametrize("name", [n for n in ROOMS if n.startswith("failwell.")])
def test_a_room_shows_no_more_than_it_lists(name: str) -> None:
    """What can be seen without being listed would be used without being promised."""
    room = importlib.import_module(name)

    assert _visible(room) == set(room.__all__)


def test_the_library_shows_no_more_than_it_lists() -> None:
    """Its `__all__` equals the visible names, loaded already or not."""
    assert _visible(failwell) | {"__version__"} == set(failwell.__all__)


def test_the_rooms_are_found() -> None:
    """The test above would pass without a single room."""
    assert {"failwell.records", "failwell.store", "meetings.booking"} <= set(ROOMS)


def test_an_unknown_name_is_refused_as_by_any_module() -> None:
    """Names that are loaded when asked for must not make every name exist."""
    with pytest.raises(AttributeError, match="no attribute 'Failwel'"):
        _ = failwell.Failwel  # type: ignore[attr-defined]  # it does not exist
