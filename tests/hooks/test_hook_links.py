"""A function of ours in front of another tool's."""

from collections.abc import Callable
from typing import Any

import pytest

from failwell.hooks._link import Slot

Function = Callable[..., Any]


class Place:
    """Where a hook stands, and what was called."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.hook: Function = self.tool("python")
        self.slot = Slot(lambda: self.hook, self.put, self.around)

    def put(self, hook: Function) -> None:
        """Put a hook there."""
        self.hook = hook

    def tool(self, name: str, previous: Function | None = None) -> Function:
        """Return the hook of a tool, which calls what was there before, if it is polite."""

        def hook(argument: str) -> str:
            self.calls.append(f"{name} {argument}")
            return previous(argument) if previous is not None else name

        return hook

    def around(self, previous: Function, argument: str) -> Any:  # noqa: ANN401 - as above
        """Be ours."""
        self.calls.append(f"failwell {argument}")
        return previous(argument)


@pytest.fixture
def place() -> Place:
    """Return a place where Python's own hook stands."""
    return Place()


def test_what_was_there_is_called_and_comes_back(place: Place) -> None:
    """Its result is the caller's; a second installation adds nothing."""
    original = place.hook

    place.slot.install()
    place.slot.install()

    assert place.hook("x") == "python"
    assert place.calls == ["failwell x", "python x"]
    place.slot.uninstall()
    place.slot.uninstall()
    assert place.hook is original


def test_what_another_tool_has_built_on_stays_and_does_nothing(place: Place) -> None:
    """Taking ours away would take theirs away."""
    place.slot.install()
    other = place.tool("other", place.hook)
    place.put(other)

    place.slot.uninstall()

    assert place.hook is other
    assert place.hook("x") == "python"
    assert place.calls == ["other x", "python x"]


def test_only_the_front_link_reports(place: Place) -> None:
    """Installed again above another tool, the one below passes on."""
    place.slot.install()
    place.put(place.tool("other", place.hook))
    place.slot.install()

    place.hook("x")

    assert place.calls == ["failwell x", "other x", "python x"]


def test_a_hook_that_another_tool_dropped_is_put_back(place: Place) -> None:
    """A tool that restores what it once found takes ours away without saying so."""
    found = place.hook
    place.slot.install()
    place.put(found)

    place.slot.install()

    place.hook("x")
    assert place.calls == ["failwell x", "python x"]
